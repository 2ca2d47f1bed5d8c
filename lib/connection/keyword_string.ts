import { PgstrataError } from "../base/mod.ts";

/**
 * Reads libpq's keyword/value form, `host=localhost dbname='my db'`: values may be quoted with `'`,
 * and `\` takes the next character as it is, quoted or not.
 *
 * @throws {PgstrataError} code `usage`; the message never shows the text, which may hold a password.
 */
export function parseKeywordString(text: string, source: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  let at = 0;
  const skipSpace = () => {
    while (/\s/.test(text.charAt(at)) && at < text.length) at++;
  };
  const wrong = (state: string) =>
    new PgstrataError(`Cannot read ${source}: ${state}`, {
      code: "usage",
      hint: "Write a URL (postgresql://user:password@host:5432/database) or keywords " +
        "(host=… user=… dbname=…), with values that hold spaces in '…' and \\' for a quote inside.",
    });
  for (skipSpace(); at < text.length; skipSpace()) {
    const name = /^[^\s=]+/.exec(text.slice(at))?.[0] ?? "";
    at += name.length;
    skipSpace();
    if (name === "" || text.charAt(at) !== "=") throw wrong(`character ${at + 1}: a "=" is missing after a keyword`);
    at++;
    skipSpace();
    const quoted = text.charAt(at) === "'";
    if (quoted) at++;
    let value = "";
    for (;; at++) {
      const character = text.charAt(at);
      if (at >= text.length) {
        if (quoted) throw wrong(`the quoted value of "${name}" has no end`);
        break;
      }
      if (quoted ? character === "'" : /\s/.test(character)) break;
      if (character === "\\") at++;
      value += text.charAt(at);
    }
    if (quoted) at++;
    parameters[name] = value;
  }
  return parameters;
}
