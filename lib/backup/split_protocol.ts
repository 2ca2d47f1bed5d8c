import type { BlockCompression } from "../archive/mod.ts";

/** State of a raw file that a worker reads while it may still grow; in an Int32Array on shared memory. */
export const RAW_STATE = { growing: 0, complete: 1, cancelled: 2 } as const;

/** One pass over the raw COPY text of a table. */
export interface SplitTableJob {
  readonly type: "split_table";
  readonly dumpId: number;
  readonly rawPath: string;
  /** Where the compressed, framed block goes; null if no archive is wanted. */
  readonly blockPath: string | null;
  readonly compression: BlockCompression;
  /** `data.sql`; null if no table tier is wanted. */
  readonly data: { readonly path: string; readonly head: Uint8Array; readonly tail: Uint8Array } | null;
  /** One int of {@linkcode RAW_STATE}. */
  readonly state: Int32Array;
}

/** What the pass found. */
export interface SplitTableResult {
  readonly rows: number;
  /** COPY bytes without the end marker. */
  readonly bytes: number;
  /** SHA-256 of those bytes. */
  readonly sha256: string;
  /** Bytes of the framed block. */
  readonly blockBytes: number;
  /** Bytes and SHA-256 of `data.sql`; 0 and "" without one. */
  readonly dataBytes: number;
  readonly dataSha256: string;
  /** Milliseconds. */
  readonly duration: number;
}

/** Large objects of one TOC entry. */
export interface SplitLargeObjectsJob {
  readonly type: "split_large_objects";
  readonly dumpId: number;
  readonly folder: string;
  readonly listFile: string;
  readonly blockPath: string | null;
  readonly compression: BlockCompression;
}

export interface SplitLargeObjectsResult {
  readonly blockBytes: number;
  /** By oid: length and SHA-256 of the content. */
  readonly objects: readonly { readonly oid: number; readonly bytes: number; readonly sha256: string }[];
}

/** Puts an archive together: head, then the blocks in order. */
export interface FrameJob {
  readonly type: "frame";
  readonly path: string;
  readonly head: Uint8Array;
  readonly blockPaths: readonly string[];
}

export interface FrameResult {
  readonly bytes: number;
  readonly sha256: string;
  readonly duration: number;
}

/** What workers can be asked. */
export type Job = SplitTableJob | SplitLargeObjectsJob | FrameJob;

/** The result of each kind of job. */
export interface JobResults {
  readonly split_table: SplitTableResult;
  readonly split_large_objects: SplitLargeObjectsResult;
  readonly frame: FrameResult;
}

/** What a worker answers. */
export type WorkerMessage =
  | { readonly type: "progress"; readonly bytes: number }
  | { readonly type: "done"; readonly result: JobResults[Job["type"]] }
  | { readonly type: "failed"; readonly message: string; readonly noRoom: boolean };
