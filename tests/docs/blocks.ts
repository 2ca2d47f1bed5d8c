/** What a page of documentation says besides its fences: how a block is run. */
export interface Directives {
  /** Why the block cannot be run here. */
  readonly notRun: string | null;
  /** Exit status that the block is to end with. */
  readonly exit: number;
  /** Shell that makes what the block is about, such as the loss of a table. */
  readonly before: string;
  /** Shell that looks whether the block has done it. */
  readonly after: string;
  /** Where the text of the block goes in the working folder. */
  readonly file: string | null;
  /** The command line whose JSON document the block shows. */
  readonly output: string | null;
}

/** A fenced block of a page. */
export interface Block {
  /** Where it stands: `docs/restore.md:41`. */
  readonly place: string;
  readonly language: Language;
  readonly code: string;
  readonly directives: Directives;
}

/** Languages of blocks; each has its check in `run_page.ts`. */
export const LANGUAGES = ["sh", "text", "sql", "ts", "json", "yaml", "ini"] as const;
export type Language = typeof LANGUAGES[number];

/**
 * The fenced blocks of a page, each with the HTML comments right before it:
 *
 *     <!-- not run: needs a hosted project -->    only its syntax and command lines are checked
 *     <!-- exit: 3 -->                            it ends with this status
 *     <!-- before: … --> <!-- after: … -->        shell around it that readers do not see
 *     <!-- file: pgstrata.json -->                its text is put there
 *     <!-- output: pgstrata list --json -->       it shows the form of this command's output
 *
 * @throws {Error} for anything that would not be run: a language nobody knows, a fence that is indented or left open,
 * an indented block of code, a comment that is none of the above
 */
export function blocksOf(text: string, page: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let comments: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const place = `${page}:${at + 1}`;
    const fence = /^```(\w*)$/.exec(line);
    if (fence !== null) {
      const end = lines.indexOf("```", at + 1);
      if (end === -1) throw new Error(`${place}: the block is not closed`);
      const language = LANGUAGES.find((one) => one === fence[1]);
      if (language === undefined) throw new Error(`${place}: nothing checks blocks of the language "${fence[1]}"`);
      const code = `${lines.slice(at + 1, end).join("\n")}\n`;
      blocks.push({ place, language, code, directives: directivesOf(comments, place) });
      comments = [];
      at = end;
    } else if (line.startsWith("<!--")) {
      const end = lines.findIndex((one, index) => index >= at && one.endsWith("-->"));
      if (end === -1) throw new Error(`${place}: the comment is not closed`);
      comments.push(lines.slice(at, end + 1).join("\n").slice(4, -3).trim());
      at = end;
    } else if (/^\s*(?:```|~~~)/.test(line)) {
      throw new Error(`${place}: this fence would not be seen as one`);
    } else if (line.startsWith("    ") && lines[at - 1] === "") {
      throw new Error(`${place}: an indented block of code would not be checked`);
    } else if (line.trim() !== "") {
      if (comments.length > 0) throw new Error(`${place}: the comment before stands at no block`);
    }
  }
  return blocks;
}

function directivesOf(comments: readonly string[], place: string): Directives {
  const given = new Map(comments.map((comment) => {
    const [, name = "", value = ""] = /^([a-z ]+): *([^]*)$/.exec(comment) ?? [];
    if (!["not run", "exit", "before", "after", "file", "output"].includes(name) || value === "") {
      throw new Error(`${place}: "${comment}" says nothing about a block`);
    }
    return [name, value];
  }));
  return {
    notRun: given.get("not run") ?? null,
    exit: Number(given.get("exit") ?? 0),
    before: given.get("before") ?? "",
    after: given.get("after") ?? "",
    file: given.get("file") ?? null,
    output: given.get("output") ?? null,
  };
}
