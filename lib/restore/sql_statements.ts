/** A statement of a script, with the comment lines that stand right before it. */
export interface SqlStatement {
  /** With its semicolon. */
  readonly text: string;
  /** Comments between the statement before and this one. */
  readonly comments: string;
}

/** What a quoted piece, comment or dollar-quoted string begins with. */
const TOKEN =
  /--[^\n]*|\/\*|[eE]'|'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[();]|\s+|[^]/gu;

/**
 * Parts a script into statements as psql does (PostgreSQL: src/fe_utils/psqlscan.l): quotes, dollar quotes, nested
 * comments, parentheses and bodies of SQL-standard routines (`BEGIN ATOMIC … END`) are kept whole. Backslash
 * commands are nothing special: they become part of a statement, which a server refuses.
 *
 * The script holds no COPY data.
 */
export function* splitStatements(script: string): Generator<SqlStatement> {
  const scanner = new RegExp(TOKEN.source, TOKEN.flags);
  let start = -1;
  let comments = "";
  let parens = 0;
  let words: string[] = [];
  let begins = 0;
  for (let match = scanner.exec(script); match !== null; match = scanner.exec(script)) {
    const token = match[0];
    const isComment = token.startsWith("--") || token === "/*";
    const end = tokenEnd(script, token, match.index);
    scanner.lastIndex = end;
    if (start === -1) {
      if (isComment) comments += `${script.slice(match.index, end)}\n`;
      if (isComment || /^\s+$/.test(token)) continue;
      start = match.index;
    }
    if (/^[A-Za-z_\u0080-\uffff]/u.test(token) && end === match.index + token.length && !/'$/.test(token)) {
      const word = token.toLowerCase();
      if (isRoutine(words) && parens === 0) {
        if (word === "begin" || (word === "case" && begins > 0)) begins++;
        else if (word === "end" && begins > 0) begins--;
      }
      if (words.length < 4) words.push(word);
    } else if (token === "(") parens++;
    else if (token === ")") parens = Math.max(0, parens - 1);
    else if (token === ";" && parens === 0 && begins === 0) {
      yield { text: script.slice(start, end), comments };
      start = -1;
      comments = "";
      words = [];
    }
  }
  if (start !== -1) yield { text: script.slice(start).trimEnd(), comments };
}

function isRoutine(words: readonly string[]): boolean {
  const [first, second, third, fourth] = words;
  const isKind = (word: string | undefined) => word === "function" || word === "procedure";
  return first === "create" && (isKind(second) || (second === "or" && third === "replace" && isKind(fourth)));
}

/** Where a token ends; an unfinished one ends with the script. */
function tokenEnd(script: string, token: string, at: number): number {
  if (token === "'" || token === "E'" || token === "e'") return quoteEnd(script, at + token.length, token !== "'");
  if (token === '"') return found(script, script.indexOf('"', at + 1), 1);
  if (token === "/*") return blockCommentEnd(script, at);
  if (/^\$.*\$$/su.test(token)) return found(script, script.indexOf(token, at + token.length), token.length);
  return at + token.length;
}

function found(script: string, index: number, length: number): number {
  return index === -1 ? script.length : index + length;
}

function quoteEnd(script: string, from: number, escapes: boolean): number {
  for (let at = from; at < script.length; at++) {
    if (escapes && script[at] === "\\") at++;
    else if (script[at] === "'") return at + 1;
  }
  return script.length;
}

function blockCommentEnd(script: string, from: number): number {
  let depth = 0;
  for (let at = from; at < script.length; at++) {
    if (script.startsWith("/*", at)) {
      depth++;
      at++;
    } else if (script.startsWith("*/", at)) {
      at++;
      if (--depth === 0) return at + 1;
    }
  }
  return script.length;
}
