/**
 * Reads the text of a `.env` file as Node's `util.parseEnv` does (which older runtimes lack): `NAME=value` lines, an
 * optional `export`, values in `'…'`, `"…"` (with `\n`) or backticks, over several lines if need be, `#` comments.
 */
export function parseEnvText(text: string): Record<string, string> {
  return scanEnvText(text).variables;
}

/** Numbers, from 1, of lines that hold something which is neither assignment nor comment: they are passed over. */
export function strayEnvLines(text: string): number[] {
  const { lines, assigned } = scanEnvText(text);
  return lines.flatMap((line, index) => {
    const number = index + 1;
    return line.trim() === "" || /^\s*#/.test(line) || assigned.has(number) ? [] : [number];
  });
}

interface EnvScan {
  readonly variables: Record<string, string>;
  readonly lines: readonly string[];
  /** Numbers of the lines that assignments and their values take. */
  readonly assigned: ReadonlySet<number>;
}

function scanEnvText(text: string): EnvScan {
  const variables: Record<string, string> = {};
  const assigned = new Set<number>();
  const rest = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const assignment = /^[ \t]*(?:export[ \t]+)?([^\s=#][^=\n]*?)[ \t]*=[ \t]*/gm;
  for (let match = assignment.exec(rest); match !== null; match = assignment.exec(rest)) {
    const start = assignment.lastIndex;
    const lineEnd = rest.indexOf("\n", start) === -1 ? rest.length : rest.indexOf("\n", start);
    const quote = rest.charAt(start);
    const close = quote === '"' || quote === "'" || quote === "`" ? rest.indexOf(quote, start + 1) : -1;
    const quoted = rest.slice(start + 1, close);
    const name = match[1] ?? "";
    variables[name] = close === -1
      ? rest.slice(start, lineEnd).split("#", 1)[0]?.trim() ?? ""
      : quote === '"'
      ? quoted.replaceAll("\\n", "\n")
      : quoted;
    const after = close === -1 ? lineEnd : rest.indexOf("\n", close);
    // An address without a name is read as one, up to the = in it.
    const first = lineAt(rest, match.index + match[0].search(/\S/)) + (/^[\w.-]+$/.test(name) ? 0 : 1);
    const last = lineAt(rest, after === -1 ? rest.length : after);
    for (let line = first; line <= last; line++) assigned.add(line);
    if (after === -1) break;
    assignment.lastIndex = after;
  }
  return { variables, lines: rest.split("\n"), assigned };
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
