/** Names of a list such as `id, "Or""der"`, unquoted. */
export function identifierList(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(([whole, quoted]) =>
    quoted === undefined ? whole : quoted.replaceAll('""', '"')
  );
}

const COPY =
  /^COPY (?:"(?:[^"]|"")*"|[^"\s(.]+)(?:\.(?:"(?:[^"]|"")*"|[^"\s(]+))? \(((?:[^()"]|"(?:[^"]|"")*")*)\) FROM/;

/** Columns of a COPY statement as pg_dump writes it; none for a table without columns. */
export function copyColumns(statement: string): string[] {
  return identifierList(COPY.exec(statement)?.[1] ?? "");
}

const PRIMARY_KEY = /\bPRIMARY KEY \(((?:[^()"]|"(?:[^"]|"")*")*)\)/;

/** Columns of the primary key that a constraint's definition adds; null if it adds none. */
export function primaryKeyColumns(definition: string): string[] | null {
  const list = PRIMARY_KEY.exec(definition)?.[1];
  return list === undefined ? null : identifierList(list);
}
