import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import {
  backupId,
  checksumsText,
  type Manifest,
  MANIFEST_FILE,
  manifestText,
  parseManifest,
  summarize,
} from "../../lib/catalog/mod.ts";
import { type ManifestFacts, manifestOf } from "../catalog/fixtures.ts";

/** A backup whose manifest tells the truth about its files. */
export interface RealBackup {
  readonly folder: string;
  readonly id: string;
  readonly manifest: Manifest;
  /** Every file by its path, manifest and checksums included. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Bytes that do not repeat and are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  let state = seed * 2654435761 >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    words[index] = state;
  }
  return bytes;
}

/** Puts a sealed backup into `folder`. */
export async function putRealBackup(
  folder: string,
  sizes: Readonly<Record<string, number>> = { "db_full.dump": 300_000, "public/tables/orders/data.sql": 5_000 },
  facts: ManifestFacts = {},
): Promise<RealBackup> {
  const files = new Map<string, Uint8Array>();
  for (const [path, size] of Object.entries(sizes)) files.set(path, noise(size, size + path.length));
  const listed = [...files].map(([path, bytes]) => ({
    path,
    tier: path.endsWith("data.sql") ? "table" as const : "full" as const,
    bytes: bytes.length,
    sha256: sha256(bytes),
  }));
  const manifest: Manifest = { ...manifestOf(facts), files: listed };
  files.set(MANIFEST_FILE, new TextEncoder().encode(manifestText(manifest)));
  const sums = [...files].map(([path, bytes]) => ({ path, sha256: sha256(bytes) }));
  files.set("SHA256SUMS", new TextEncoder().encode(checksumsText(sums)));
  for (const [path, bytes] of files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    await Deno.writeFile(join(folder, path), bytes, { mode: 0o600 });
  }
  return { folder, id: backupId(manifest), manifest, files };
}

/** All files below a folder by path. */
export function readTree(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const visit = (above: string) => {
    for (const entry of Deno.readDirSync(join(folder, above))) {
      const path = above === "" ? entry.name : `${above}/${entry.name}`;
      if (entry.isDirectory) visit(path);
      else files.set(path, Deno.readFileSync(join(folder, path)));
    }
  };
  visit("");
  return new Map([...files].sort(([one], [other]) => one < other ? -1 : 1));
}

/** Paths and hashes below a folder, to compare whole trees. */
export function treeDigest(files: ReadonlyMap<string, Uint8Array>): string[] {
  return [...files].map(([path, bytes]) => `${sha256(bytes)} ${path}`).sort((one, other) =>
    one.slice(65) < other.slice(65) ? -1 : 1
  );
}

/** The public part of a manifest, as tasks make it. */
export function publicSummary(text: string): unknown {
  return summarize(parseManifest(text));
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
