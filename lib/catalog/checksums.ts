import { PgstrataError } from "../base/mod.ts";

/** File name of the checksums, in every layout: `sha256sum --check SHA256SUMS` reads it. */
export const CHECKSUMS_FILE = "SHA256SUMS";

/** A line of `SHA256SUMS`. */
export interface Checksum {
  /** Below the backup's folder, `/` between the parts. */
  readonly path: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" };
const UNESCAPES: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r" };

/**
 * Checksums as `sha256sum` writes them, sorted by path. They list the manifest, not themselves.
 * A path with a backslash or line break is escaped and its line begins with `\` (coreutils manual, "md5sum").
 */
export function checksumsText(checksums: readonly Checksum[]): string {
  const sorted = checksums.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  return sorted.map(({ path, sha256 }) => {
    const escaped = path.replaceAll(/[\\\n\r]/g, (char) => ESCAPES[char] ?? char);
    return `${escaped === path ? "" : "\\"}${sha256}  ${escaped}\n`;
  }).join("");
}

/**
 * Reads `SHA256SUMS`, in text or binary form.
 *
 * @throws {PgstrataError} code `not_good` on a line that is none, a path that leaves the folder, or one that comes twice.
 */
export function parseChecksums(text: string): Checksum[] {
  const checksums: Checksum[] = [];
  const seen = new Set<string>();
  const lines = text.split("\n");
  if (lines.pop() !== "") throw damaged("the last line is cut off", lines.length + 1);
  for (const [index, line] of lines.entries()) {
    const match = /^(\\?)([0-9a-fA-F]{64}) [ *](.+)$/s.exec(line);
    const [, escaped = "", sha256 = "", name = ""] = match ?? [];
    if (match === null) throw damaged("the line is no checksum", index + 1);
    const path = escaped === "" ? name : name.replaceAll(/\\[\\nr]/g, (pair) => UNESCAPES[pair] ?? pair);
    if (path.startsWith("/") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      throw damaged("the path leaves the folder", index + 1);
    }
    if (seen.has(path)) throw damaged("the path comes twice", index + 1);
    seen.add(path);
    checksums.push({ path, sha256: sha256.toLowerCase() });
  }
  return checksums;
}

function damaged(reason: string, line: number): PgstrataError {
  return new PgstrataError(`Cannot read ${CHECKSUMS_FILE}: it is damaged`, {
    code: "not_good",
    context: { reason, line },
    hint: "The manifest holds the same checksums.",
  });
}
