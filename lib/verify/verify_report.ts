import type { Manifest } from "../catalog/mod.ts";

/** What kind of thing is wrong. */
export type FindingKind =
  /** A file is not there, or is there and should not be. */
  | "missing"
  | "extra"
  /** Bytes or SHA-256 are not as the manifest says. */
  | "size"
  | "checksum"
  /** Others may read it, or it is no plain file. */
  | "mode"
  /** `manifest.json` or `SHA256SUMS` itself. */
  | "manifest"
  /** The format of an archive or SQL file. */
  | "format"
  /** Rows are not those of the manifest, or of another tier. */
  | "rows"
  | "large_objects"
  /** Definitions are not those of the manifest, or of another tier. */
  | "definitions";

/** Something wrong in a backup. */
export interface Finding {
  readonly kind: FindingKind;
  /** Below the backup's folder. */
  readonly file: string;
  /** Bytes from the file's beginning, where known. */
  readonly offset: number | null;
  /** Qualified name, where one is concerned. */
  readonly table: string | null;
  readonly message: string;
  /** `warning`: the content is whole. */
  readonly severity: "damage" | "warning";
}

/** What verifying a backup showed. */
export interface VerifyReport {
  /** Nothing is damaged. What could not be verified is not counted. */
  readonly good: boolean;
  readonly findings: readonly Finding[];
  /** What could not be verified here, and why. */
  readonly notVerified: readonly { readonly file: string; readonly reason: string }[];
  /** Null without a readable manifest. */
  readonly manifest: Manifest | null;
  readonly files: number;
  readonly bytes: number;
  readonly archives: number;
  /** Tables whose rows were counted and hashed, in every tier that has them. */
  readonly tables: number;
  /** Rows of those tables, each table counted once. */
  readonly rows: number;
  /** Milliseconds. */
  readonly duration: number;
}
