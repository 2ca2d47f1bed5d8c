import { basename, dirname, join } from "@std/path";

/** Bytes of a name's beginning that a partial file shows; file systems take 255 in all. */
const SHOWN = 200;

/** A new hidden name beside a file, for its content until that is whole; only a killed process leaves one behind. */
export function partialFile(path: string): string {
  return join(dirname(path), `${partialPrefix(path)}${crypto.randomUUID()}.partial`);
}

/** What the names of all partial files of a file begin with. */
export function partialPrefix(path: string): string {
  return `.${shown(basename(path))}.`;
}

/** Whether a name is one of a file that was never finished. */
export function isPartialFile(name: string): boolean {
  return /^\..+\.[0-9a-f-]{36}\.partial$/.test(name);
}

function shown(name: string): string {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= SHOWN) return name;
  // A character that is cut in two is left out.
  return new TextDecoder().decode(bytes.subarray(0, SHOWN), { stream: true });
}
