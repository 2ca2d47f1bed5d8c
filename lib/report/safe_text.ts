/**
 * What must not reach a terminal from a name somebody chose: control characters (C0, DEL, C1: escape
 * sequences start with them), line and paragraph separators, and marks that change the direction of text.
 */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text of a database on one line of a terminal or plain file: what could change the display is written out (`\x1b`). */
export function terminalText(text: string): string {
  return text.toWellFormed().replaceAll(UNSAFE, (char) => {
    const code = char.charCodeAt(0);
    return SHORT[char] ??
      (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`);
  });
}

/**
 * Text of a database inside a line or table cell of GitHub's Markdown; shows as it is, marks up nothing.
 * (A colon before a letter could begin an address or an emoji.)
 */
export function markdownText(text: string): string {
  return terminalText(text)
    .replaceAll(/[\\`*_{}[\]#|~$@]|:(?=[^\s\d])/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** A message of several lines as one. */
export function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

/** A word for a POSIX shell, quoted where it needs to be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
