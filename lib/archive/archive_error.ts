import { PgstrataError } from "../base/mod.ts";

/** An archive that is not what the PGDMP format says, with the byte where that shows. */
export class ArchiveError extends PgstrataError {
  constructor(
    state: string,
    /** Bytes from the beginning of the file. */
    readonly offset: number,
  ) {
    super(`Cannot read the archive: ${state} at byte ${offset}`, { code: "not_good" });
  }
}

/** More bytes are needed than were given: the archive is cut short, or only its beginning was handed over. */
export class ArchiveTruncatedError extends ArchiveError {
  constructor(what: string, offset: number) {
    super(`it ends within ${what}`, offset);
  }
}

/** Something in an archive that can be read and should not be so. */
export interface ArchiveFinding {
  readonly message: string;
  /** Bytes from the beginning of the file. */
  readonly offset: number;
}
