/** A line of a difference: kept, gone, come, or lines left out between two places. */
export interface DiffLine {
  readonly op: " " | "-" | "+" | "…";
  readonly text: string;
}

/** Lines that stay the same around a change. */
const CONTEXT = 2;

/** Most cells of the comparison's table; beyond it the whole is shown as gone and come. */
const MOST_CELLS = 4_000_000;

/** The difference between two texts line by line, with a little of what stays around it. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const old = before.split("\n");
  const now = after.split("\n");
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]
  ) tail++;
  const lines: DiffLine[] = [
    ...old.slice(0, head).map(kept),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(kept),
  ];
  return withContext(lines);
}

function middle(old: readonly string[], now: readonly string[]): DiffLine[] {
  if (old.length * now.length > MOST_CELLS) return [...old.map(gone), ...now.map(come)];
  const width = now.length + 1;
  const longest = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number) => longest[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = now.length - 1; column >= 0; column--) {
      longest[row * width + column] = old[row] === now[column]
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < now.length) {
    const [one, other] = [old[row], now[column]];
    if (one !== undefined && one === other) {
      lines.push(kept(one));
      row++;
      column++;
    } else if (one !== undefined && (other === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(gone(one));
      row++;
    } else {
      lines.push(come(other ?? ""));
      column++;
    }
  }
  return lines;
}

function withContext(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  for (const [index, { op }] of lines.entries()) {
    if (op === " ") continue;
    for (let step = -CONTEXT; step <= CONTEXT; step++) near.add(index + step);
  }
  const shown: DiffLine[] = [];
  let hidden = 0;
  const flush = () => {
    if (hidden > 0) shown.push({ op: "…", text: `${hidden} ${hidden === 1 ? "line" : "lines"}` });
    hidden = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (!near.has(index)) {
      hidden++;
      continue;
    }
    flush();
    shown.push(line);
  }
  flush();
  return shown;
}

const kept = (text: string): DiffLine => ({ op: " ", text });
const gone = (text: string): DiffLine => ({ op: "-", text });
const come = (text: string): DiffLine => ({ op: "+", text });
