import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { PinnedTarget } from "../connection/mod.ts";
import type { RestoreOptions } from "./options.ts";
import type { RestoreWork } from "./restore_work.ts";

/**
 * The command that brings the state before a change in place back: what was there comes from the safety backup, and what
 * was not there (a lost table that was restored) is dropped. Null where a safety backup is needed and there is none.
 */
export function undoCommand(work: UndoneWork, safetyBackup: string | null): string | null {
  const { options, target, selection } = work;
  const replay = (backup: string, part: string) => {
    const rows = options.content === "data-only" ? " --data-only" : "";
    const way = part === "" && rows === "" ? " --in-place" : " --clean";
    const place = `${toText(options)}${options.target.environment === "prod" ? " --allow-prod" : ""}`;
    return `pgstrata restore ${shell(backup)} --to${place}${part}${rows}${way} --yes ${shell(target.database)}`;
  };
  const patterns = [
    ...options.schemas.map((pattern) => ` --schema ${shell(pattern)}`),
    ...options.tables.map((pattern) => ` --table ${shell(pattern)}`),
  ];
  if (selection.whole && options.content !== "data-only") {
    if (safetyBackup === null) return null;
    const made = newInDatabase(work);
    const back = replay(safetyBackup, "");
    // Last: what the safety backup does not hold goes when all else is back.
    return made.length === 0 ? back : `${back} && ${psqlCommand(target, target.database, made.join("; "))}`;
  }
  const { drops, back } = options.content === "data-only" ? { drops: [], back: [] } : newParts(work);
  const drop = psqlCommand(target, target.database, drops.join("; "));
  if (drops.length > 0 && back.length === 0) return drop;
  if (safetyBackup === null) return null;
  return drops.length === 0
    ? replay(safetyBackup, patterns.join(""))
    : `${drop} && ${replay(safetyBackup, back.join(""))}`;
}

/** What a way back in place is made of. */
type UndoneWork = Pick<RestoreWork, "options" | "selection" | "facts" | "list"> & { readonly target: PinnedTarget };

/** Statements that drop schemas, extensions and publications that the database lacked: a restore of it leaves them alone. */
function newInDatabase({ list, facts }: UndoneWork): string[] {
  const made = (kind: string, isThere: (name: string) => boolean) =>
    list.entries.filter(({ desc, tag }) => desc === kind && tag !== null && !isThere(tag))
      .map(({ tag }) => quoteIdentifier(tag ?? ""));
  const drop = (kind: string, names: readonly string[], how = "") =>
    names.length === 0 ? [] : [`DROP ${kind} IF EXISTS ${names.join(", ")}${how}`];
  return [
    ...drop("PUBLICATION", made("PUBLICATION", (name) => facts.publications.has(name))),
    ...drop("SCHEMA", made("SCHEMA", (name) => facts.schemas.has(name)), " CASCADE"),
    ...drop("EXTENSION", made("EXTENSION", (name) => (facts.extensions.get(name)?.installed ?? null) !== null)),
  ];
}

/** Statements that drop what the target lacked, and options that name what it had. */
function newParts({ selection, facts }: UndoneWork): { readonly drops: string[]; readonly back: string[] } {
  const relations = new Set(facts.relations.map(({ schema, name }) => qualifiedName(schema, name)));
  const [oldSchemas, newSchemas] = partition(selection.schemas, (name) => facts.schemas.has(name));
  const [oldTables, newTables] = partition(
    selection.names.filter(({ schema }) => !selection.schemas.includes(schema))
      .map(({ schema, name }) => qualifiedName(schema, name)),
    (name) => relations.has(name),
  );
  const views = ["VIEW", "MATERIALIZED VIEW"].map((kind) => {
    const names = selection.entries.filter(({ desc, namespace }) =>
      desc === kind && !selection.schemas.includes(namespace ?? "")
    ).map(({ namespace, tag }) => qualifiedName(namespace ?? "", tag ?? ""));
    const [old, made] = partition(names, (name) => relations.has(name));
    return { kind, old, made };
  });
  const drop = (kind: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`DROP ${kind} ${names.join(", ")}`];
  return {
    drops: [
      ...views.flatMap(({ kind, made }) => drop(kind, made)),
      ...drop("TABLE", newTables),
      ...newSchemas.map((name) => `DROP SCHEMA ${quoteIdentifier(name)} CASCADE`),
    ],
    back: [
      ...oldSchemas.map((name) => ` --schema ${shell(quoteIdentifier(name))}`),
      ...[...oldTables, ...views.flatMap(({ old }) => old)].map((name) => ` --table ${shell(name)}`),
    ],
  };
}

function partition<T>(values: readonly T[], test: (value: T) => boolean): [T[], T[]] {
  return [values.filter(test), values.filter((value) => !test(value))];
}

/** The command that renames the databases back after a swap. */
export function renameBack(target: PinnedTarget, before: string, restored: string): string {
  const [living, old, aside] = [target.database, before, restored].map(quoteIdentifier);
  const maintenance = target.database === "postgres" ? "template1" : "postgres";
  const sql = `BEGIN; ALTER DATABASE ${living} RENAME TO ${aside}; ALTER DATABASE ${old} RENAME TO ${living}; COMMIT`;
  return psqlCommand(target, maintenance, sql);
}

/** The command that removes what was restored beside: a schema that was made for it whole, else the tables alone. */
export function dropBeside(target: PinnedTarget, schema: string, tables: readonly string[], isNew: boolean): string {
  const sql = isNew
    ? `DROP SCHEMA ${quoteIdentifier(schema)} CASCADE`
    : `DROP TABLE ${tables.map((name) => qualifiedName(schema, name)).join(", ")}`;
  return psqlCommand(target, target.database, sql);
}

function psqlCommand(target: PinnedTarget, database: string, sql: string): string {
  const place = `--host=${shell(target.host)} --port=${target.port} --username=${shell(target.user)}`;
  return `psql ${place} --dbname=${shell(database)} --command=${shell(sql)}`;
}

/** Never a connection string: it may hold a password. */
function toText({ target }: RestoreOptions): string {
  const { source, environment } = target;
  if (/^(?:DATABASE_URL|SUPABASE_PROJECT_REF|PG\* )/.test(source) && environment !== "url") {
    return ` ${shell(environment)}`;
  }
  return /^[A-Za-z_]\w*$/.test(source) ? `-env ${source}` : ' "$TARGET_URL"';
}

function shell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
