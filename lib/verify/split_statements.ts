/** What may stand in SQL and hold a semicolon that ends nothing, from where it begins. */
const TOKENS =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|--[^\n]*|\/\*|;|[eE]'(?:[^'\\]|''|\\[^])*'|[\w\u0080-\uffff]+/g;

/**
 * Parts a script into its statements: text in quotes, dollar quotes and comments stays together. For scripts that
 * `pg_dumpall` wrote, whose statements are to be run one by one.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  TOKENS.lastIndex = 0;
  for (let token = TOKENS.exec(script); token !== null; token = TOKENS.exec(script)) {
    const [text] = token;
    if (/^[eE]$/.test(text) && script[TOKENS.lastIndex] === "'") {
      const literal = /'(?:[^'\\]|''|\\[^])*'/y;
      literal.lastIndex = TOKENS.lastIndex;
      if (literal.test(script)) TOKENS.lastIndex = literal.lastIndex;
    } else if (text.startsWith("$")) TOKENS.lastIndex = after(script, text, TOKENS.lastIndex);
    else if (text === "/*") TOKENS.lastIndex = after(script, "*/", TOKENS.lastIndex);
    else if (text === ";") {
      statements.push(script.slice(start, token.index));
      start = token.index + 1;
    }
  }
  statements.push(script.slice(start));
  return statements.map(withoutComments).filter((statement) => statement !== "");
}

function after(script: string, text: string, from: number): number {
  const at = script.indexOf(text, from);
  return at === -1 ? script.length : at + text.length;
}

/** Without comment lines and empty lines before it. */
function withoutComments(statement: string): string {
  return statement.replace(/^(?:\s+|--[^\n]*(?:\n|$))+/, "").trimEnd();
}
