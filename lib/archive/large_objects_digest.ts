import { createHash } from "node:crypto";

/** A large object that was read. */
export interface LargeObjectContent {
  readonly oid: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Number, bytes and one hash of all large objects, as the manifest has them: SHA-256 over a line
 * `<oid> <bytes> <sha256>` for each, by oid.
 */
export function largeObjectsDigest(
  objects: readonly LargeObjectContent[],
): { readonly count: number; readonly bytes: number; readonly sha256: string | null } {
  if (objects.length === 0) return { count: 0, bytes: 0, sha256: null };
  const hash = createHash("sha256");
  for (const object of objects.toSorted((a, b) => a.oid - b.oid)) {
    hash.update(`${object.oid} ${object.bytes} ${object.sha256}\n`);
  }
  const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  return { count: objects.length, bytes, sha256: hash.digest("hex") };
}
