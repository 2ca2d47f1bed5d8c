import { createHash, type Hash } from "node:crypto";
import type { BlockEvent, LargeObjectContent } from "../archive/mod.ts";
import { type CopyContent, CopyDigest } from "./copy_digest.ts";

/** Counts and hashes what stands in the blocks of an uncompressed archive. */
export class DumpDigests {
  /** By dumpId. */
  readonly tables = new Map<number, CopyContent>();
  readonly largeObjects: LargeObjectContent[] = [];
  /** dumpIds of blocks that do not end as COPY data does. */
  readonly unended: number[] = [];
  #table: { readonly dumpId: number; readonly digest: CopyDigest } | null = null;
  #object: { readonly oid: number; readonly hash: Hash; bytes: number } | null = null;

  /** The next event of the archive's blocks. */
  take(event: BlockEvent): void {
    switch (event.type) {
      case "data":
        this.#table = { dumpId: event.dumpId, digest: new CopyDigest(true) };
        break;
      case "large_objects":
        break;
      case "large_object":
        this.#object = { oid: event.oid, hash: createHash("sha256"), bytes: 0 };
        break;
      case "chunk":
        if (this.#table !== null) this.#table.digest.push(event.bytes);
        else if (this.#object !== null) {
          this.#object.hash.update(event.bytes);
          this.#object.bytes += event.bytes.length;
        }
        break;
      case "end":
        this.#end();
    }
  }

  #end(): void {
    if (this.#table !== null) {
      const content = this.#table.digest.end();
      if (content === null) this.unended.push(this.#table.dumpId);
      else this.tables.set(this.#table.dumpId, content);
    } else if (this.#object !== null) {
      const { oid, bytes, hash } = this.#object;
      this.largeObjects.push({ oid, bytes, sha256: hash.digest("hex") });
    }
    this.#table = null;
    this.#object = null;
  }
}
