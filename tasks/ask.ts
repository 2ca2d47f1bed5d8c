import { PgstrataError } from "../lib/base/mod.ts";

/** Asks a person. */
export interface Asker {
  /** A line; the default for an empty one. */
  line(question: string, initial: string): Promise<string>;
  /** A line that is not shown while it is typed. */
  secret(question: string): Promise<string>;
  /** Says something. */
  say(text: string): void;
}

/** What an {@linkcode Asker} on a terminal needs. */
export interface Terminal {
  read(buffer: Uint8Array): Promise<number | null>;
  setRaw(raw: boolean): void;
  write(text: string): void;
}

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const ENDS = ["\r", "\n", CTRL_C, CTRL_D];
const BACKSPACES = ["\x7f", "\b"];

/** Asks on a terminal; questions go to standard error. */
export function terminalAsker(terminal: Terminal): Asker {
  // What was typed or pasted beyond a line belongs to the next question.
  let rest = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  const more = async (): Promise<boolean> => {
    const read = await terminal.read(buffer);
    if (read !== null) rest += decoder.decode(buffer.subarray(0, read), { stream: true });
    return read !== null;
  };
  const lineOf = async (): Promise<string> => {
    while (!/[\r\n]/.test(rest)) if (!(await more())) break;
    const [line = ""] = /^[^\r\n]*/.exec(rest) ?? [];
    rest = rest.slice(line.length).replace(/^(?:\r\n|\r|\n)/, "");
    return line;
  };
  return {
    async line(question, initial) {
      terminal.write(`${question}${initial === "" ? "" : ` [${initial}]`}: `);
      return (await lineOf()).trim() || initial;
    },
    async secret(question) {
      terminal.write(`${question}: `);
      terminal.setRaw(true);
      try {
        while (!ENDS.some((end) => rest.includes(end))) if (!(await more())) break;
        if (rest.includes(CTRL_C)) throw new PgstrataError("Cannot finish: interrupted", { code: "interrupted" });
        const line = await lineOf();
        return typed(line.replaceAll(CTRL_D, ""));
      } finally {
        terminal.setRaw(false);
        terminal.write("\n");
      }
    },
    say: (text) => terminal.write(`${text}\n`),
  };
}

/** A line with its backspaces done. */
function typed(text: string): string {
  const characters: string[] = [];
  for (const character of text) {
    if (BACKSPACES.includes(character)) characters.pop();
    else characters.push(character);
  }
  return characters.join("");
}
