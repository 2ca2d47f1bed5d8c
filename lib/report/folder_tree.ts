import { sizeText } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { terminalText } from "./safe_text.ts";
import { textTable } from "./text_table.ts";

/** How a tree is folded. */
export interface TreeOptions {
  /** Name of the top folder. */
  readonly name: string;
  /** Most folders and most files shown in a folder; the rest is counted. Default 4. */
  readonly most?: number;
}

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, number>;
}

/** A backup's folder as a tree with sizes, long lists folded: for people to see how it is laid out. */
export function folderTree(files: Pick<Manifest, "files">["files"], options: TreeOptions): string {
  const top: Folder = { folders: new Map(), files: new Map() };
  for (const { path, bytes } of files) {
    const parts = path.split("/");
    const name = parts.pop() ?? path;
    let folder = top;
    for (const part of parts) {
      const next = folder.folders.get(part) ?? { folders: new Map(), files: new Map() };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.set(name, bytes);
  }
  const lines = [
    [`${terminalText(options.name)}/`, sizeText(bytesIn(top))],
    ...branches(top, "", options.most ?? 4, true),
  ];
  return textTable([{ title: "", widest: 100 }, { title: "", align: "right" }], lines).join("\n") + "\n";
}

function branches(folder: Folder, prefix: string, most: number, isTop: boolean): string[][] {
  const files = [...folder.files].sort(byName);
  const folders = [...folder.folders].sort(byName);
  // The files at the top are what a backup is made of: all are shown.
  const shownFiles = isTop ? files : folded(files, most);
  const shownFolders = folded(folders, most);
  const rest = {
    folders: folders.slice(shownFolders.length),
    files: files.slice(shownFiles.length),
  };
  const last = rest.folders.length + rest.files.length > 0 ? null : (shownFolders.at(-1) ?? shownFiles.at(-1))?.[0];
  const lines: string[][] = [];
  for (const [name, bytes] of shownFiles) {
    lines.push([`${prefix}${name === last && shownFolders.length === 0 ? "└── " : "├── "}${name}`, sizeText(bytes)]);
  }
  for (const [name, inner] of shownFolders) {
    const isLast = name === last;
    lines.push([`${prefix}${isLast ? "└── " : "├── "}${name}/`, sizeText(bytesIn(inner))]);
    lines.push(...branches(inner, `${prefix}${isLast ? "    " : "│   "}`, most, false));
  }
  if (rest.folders.length + rest.files.length > 0) {
    const words = [countWords(rest.folders.length, "folder"), countWords(rest.files.length, "file")].filter((text) =>
      text !== ""
    );
    const bytes = rest.folders.reduce((sum, [, inner]) => sum + bytesIn(inner), 0) +
      rest.files.reduce((sum, [, size]) => sum + size, 0);
    lines.push([`${prefix}└── … ${words.join(", ")} more`, sizeText(bytes)]);
  }
  return lines;
}

/** The first of a list; one more rather than a line that says "1 more". */
function folded<T>(list: readonly T[], most: number): readonly T[] {
  return list.length <= most + 1 ? list : list.slice(0, most);
}

function countWords(count: number, one: string): string {
  return count === 0 ? "" : `${count} ${one}${count === 1 ? "" : "s"}`;
}

function bytesIn(folder: Folder): number {
  let bytes = 0;
  for (const size of folder.files.values()) bytes += size;
  for (const inner of folder.folders.values()) bytes += bytesIn(inner);
  return bytes;
}

function byName<T>([a]: readonly [string, T], [b]: readonly [string, T]): number {
  return a < b ? -1 : 1;
}
