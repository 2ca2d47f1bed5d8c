/** Breaks our own (Latin) text at spaces into lines of at most `width` columns; a longer word keeps its own line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/).filter((part) => part !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === "" ? lines : [...lines, line];
}

/** Wrapped text, each line moved right by `by` columns. */
export function wrapIndented(text: string, width: number, by: number): string {
  return wrap(text, width - by).map((line) => " ".repeat(by) + line).join("\n");
}
