/** An element of a PostgreSQL array as we read it. */
export type ArrayElement<T> = T | null | readonly ArrayElement<T>[];

/**
 * Reads PostgreSQL's text form of an array, `{a,NULL,"b c",{d}}`, bounds (`[0:1]={…}`) ignored.
 *
 * @param element makes an element out of its text
 */
export function parseArrayLiteral<T>(text: string, element: (text: string) => T): ArrayElement<T>[] {
  let at = text.indexOf("{");
  const array = (): ArrayElement<T>[] => {
    const elements: ArrayElement<T>[] = [];
    at++;
    while (at < text.length && text[at] !== "}") {
      if (text[at] === ",") at++;
      if (text[at] === "{") elements.push(array());
      else if (text[at] === '"') elements.push(element(quoted()));
      else {
        const bare = /^[^,}]*/.exec(text.slice(at))?.[0] ?? "";
        at += bare.length;
        elements.push(bare === "NULL" ? null : element(bare));
      }
    }
    at++;
    return elements;
  };
  const quoted = (): string => {
    let value = "";
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === "\\") at++;
      value += text[at] ?? "";
    }
    at++;
    return value;
  };
  return at === -1 ? [] : array();
}

/** Writes an array in PostgreSQL's text form; every element is quoted, null and undefined are NULL. */
export function arrayLiteral(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return "NULL";
    if (Array.isArray(value)) return arrayLiteral(value);
    const text = value instanceof Date ? value.toISOString() : String(value);
    return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  });
  return `{${elements.join(",")}}`;
}
