/**
 * Reads the text of a `.env` file as Node's `util.parseEnv` does (which older runtimes lack): `NAME=value` lines, an
 * optional `export`, values in `'…'`, `"…"` (with `\n`) or backticks, over several lines if need be, `#` comments.
 */
export function parseEnvText(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
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
    if (after === -1) break;
    assignment.lastIndex = after;
  }
  return variables;
}
