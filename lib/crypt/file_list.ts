import { PgstrataError } from "../base/mod.ts";

/** A file as the manifest lists it. */
export interface ListedFile {
  /** Below the backup's folder, `/` between the parts. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The files that the text of a manifest lists. This room stands below the catalog, and needs no more of it.
 *
 * @throws {PgstrataError} code `not_good` when the text is no manifest, or a path leaves the folder
 */
export function listedFiles(manifestText: string): ListedFile[] {
  let files: unknown;
  try {
    files = (JSON.parse(manifestText) as { files?: unknown }).files;
  } catch (cause) {
    throw damaged(cause);
  }
  if (!Array.isArray(files)) throw damaged();
  return files.map((file: Partial<Record<keyof ListedFile, unknown>> | null) => {
    const { path, bytes, sha256 } = file ?? {};
    if (typeof path !== "string" || typeof bytes !== "number" || typeof sha256 !== "string" || !isInside(path)) {
      throw damaged();
    }
    return { path, bytes, sha256 };
  });
}

function isInside(path: string): boolean {
  return !path.startsWith("/") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function damaged(cause?: unknown): PgstrataError {
  return new PgstrataError("Cannot read the manifest: it is damaged", { code: "not_good", cause });
}
