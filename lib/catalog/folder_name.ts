import { createHash } from "node:crypto";

/**
 * Longest encoded name in bytes. A file system takes 255; the longest name made from it is
 * `<name>_schema_<YYYY-MM-DDTHH-MM-SSZ>.dump.age.partial`, 45 bytes more. PostgreSQL's own names
 * (63 bytes) need at most 189; only a server compiled with a larger NAMEDATALEN comes here.
 */
export const LONGEST_FOLDER_NAME = 200;

/** What can stand at the root of a backup, in any layout; a name that begins like one of them is encoded. */
const OWN_ENTRIES: readonly string[] = [
  "db_full.dump",
  "database_full_",
  "roles.sql",
  "schema.sql",
  "version.txt",
  "extensions.tsv",
  "views_reloptions.tsv",
  "manifest.",
  "sha256sums",
  "summary.txt",
];

/** Suffixes that say something about a folder: see `shelf_paths.ts`. */
const OWN_SUFFIX = /\.(?:partial|deleting)$/;

/** Windows takes these for devices, with or without an extension, in any case. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\.|$)/;

/** Unsafe anywhere: separators, wildcards, the escape itself, everything that cannot be seen. */
const UNSAFE = /[/%:*?"<>|\\\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** `as it is`, `no upper case` (DECISIONS 16), `ASCII only` (names that differ in Unicode normalisation). */
type Strictness = 0 | 1 | 2;

/**
 * The folder names of all schemas of a database, or of all tables of a schema.
 *
 * A name that can be a folder on Linux, macOS and Windows stays as it is; the rest is percent-encoded
 * (UTF-8, upper-case hex). Names that a case-insensitive or normalising file system would take for
 * the same get their upper-case letters encoded, and if that is not enough everything beyond ASCII.
 *
 * @param names different names of one level
 * @returns folder name by name, in the order given
 *
 * @example
 * ```ts
 * import { encodeNames } from "./folder_name.ts";
 * const folders = encodeNames(["orders", "Orders", "a/b"]);
 * console.assert([...folders.values()].join(" ") === "orders %4Frders a%2Fb");
 * ```
 */
export function encodeNames(names: readonly string[]): Map<string, string> {
  const strictness = new Map<string, Strictness>(names.map((name) => [name, 0]));
  while (true) {
    const folders = new Map<string, string>();
    const byKey = new Map<string, string[]>();
    for (const [name, strict] of strictness) {
      const folder = encodeOne(name, strict);
      folders.set(name, folder);
      const key = comparisonKey(folder);
      byKey.set(key, [...byKey.get(key) ?? [], name]);
    }
    let raised = false;
    for (const twins of byKey.values()) {
      if (twins.length === 1) continue;
      for (const name of twins) {
        const strict = strictness.get(name) ?? 0;
        if (strict === 2) continue;
        strictness.set(name, strict === 0 ? 1 : 2);
        raised = true;
      }
    }
    // Names of strictness 2 never meet: they hold lower-case ASCII and `%` with upper-case hex only.
    if (!raised) return folders;
  }
}

/** The folder name of one schema or table among its siblings; see {@linkcode encodeNames}. */
export function encodeName(name: string, siblings: readonly string[] = []): string {
  return encodeNames([name, ...siblings]).get(name) ?? encodeOne(name, 0);
}

/**
 * The name a folder stands for.
 *
 * @returns null when {@linkcode encodeNames} made no such folder name, or had to shorten it:
 *   the manifest keeps the true name
 */
export function decodeName(folder: string): string | null {
  if (folder === "%") return "";
  if (/%(?![0-9A-F]{2})/.test(folder)) return null;
  try {
    return decodeURIComponent(folder);
  } catch {
    return null;
  }
}

/**
 * What a file system that ignores case, normalises and skips invisible characters compares:
 * names with different keys can stand beside each other everywhere.
 */
export function comparisonKey(name: string): string {
  // Upper case alone would leave ẞ apart from ß (which becomes SS), lower case alone ſ from s.
  const visible = name.normalize("NFD").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible.toLowerCase().toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFD");
}

function encodeOne(name: string, strict: Strictness): string {
  if (name === "") return "%";
  const points = [...name.toWellFormed()];
  const last = points.length - 1;
  const parts = points.map((point, index) => {
    const unsafe = UNSAFE.test(point) || (index === 0 && /[-.]/.test(point)) || (index === last && /[. ]/.test(point));
    const twin = (strict >= 1 && /[\p{Lu}\p{Lt}]/u.test(point)) || (strict === 2 && point > "\x7f");
    return unsafe || twin ? percentEncode(point) : point;
  });
  const key = comparisonKey(parts.join(""));
  if (DEVICE.test(key) || OWN_ENTRIES.some((entry) => key.startsWith(entry))) {
    parts[0] = percentEncode(points[0] ?? "");
  }
  if (OWN_SUFFIX.test(key)) parts[points.lastIndexOf(".")] = percentEncode(".");
  return shorten(parts, name);
}

function percentEncode(point: string): string {
  const bytes = new TextEncoder().encode(point);
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** A name too long ends in `%~` (no escape begins so) and the first half of its SHA-256. */
function shorten(parts: readonly string[], name: string): string {
  const encoder = new TextEncoder();
  const whole = parts.join("");
  if (encoder.encode(whole).length <= LONGEST_FOLDER_NAME) return whole;
  const ending = `%~${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
  let start = "";
  let bytes = ending.length;
  for (const part of parts) {
    bytes += encoder.encode(part).length;
    if (bytes > LONGEST_FOLDER_NAME) break;
    start += part;
  }
  return start + ending;
}
