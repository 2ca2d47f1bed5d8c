import { PgstrataError } from "../base/mod.ts";

/** A pattern of schema or relation names as regular expressions of PostgreSQL, to be used with `~`. */
export interface NamePattern {
  /** Null where the pattern names no schema. */
  readonly schema: string | null;
  readonly name: string;
}

/**
 * Reads a pattern as `pg_dump` and psql's `\d` do: `*` any text, `?` any character, a dot parts schema and
 * name, unquoted letters are folded to lower case, double quotes keep all that is special to the letter, other
 * characters are those of a regular expression (PostgreSQL: `patternToSQLRegex` in src/fe_utils/string_utils.c).
 *
 * @throws {PgstrataError} code `usage` for more than two parts or an open quote
 */
export function namePattern(pattern: string): NamePattern {
  const parts = [""];
  let quoted = false;
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern.charAt(index);
    const last = parts.length - 1;
    const add = (text: string) => parts[last] += text;
    if (char === '"') {
      if (quoted && pattern.charAt(index + 1) === '"') {
        add('"');
        index++;
      } else quoted = !quoted;
    } else if (quoted) add(/[|*+?()[\]{}.^$\\]/.test(char) ? `\\${char}` : char);
    else if (char === "*") add(".*");
    else if (char === "?") add(".");
    else if (char === "$") add("\\$");
    else if (char === ".") parts.push("");
    else add(char.toLowerCase());
  }
  const [first, second] = parts;
  if (quoted || parts.length > 2 || first === undefined || parts.includes("")) {
    throw new PgstrataError(`Cannot read the pattern ${pattern}: ${quoted ? "a quote is open" : "it is no name"}`, {
      code: "usage",
      hint: 'Write schema, table or schema.table, with * and ? as wildcards and "double quotes" around special names.',
    });
  }
  const whole = (text: string) => `^(${text})$`;
  return second === undefined ? { schema: null, name: whole(first) } : { schema: whole(first), name: whole(second) };
}
