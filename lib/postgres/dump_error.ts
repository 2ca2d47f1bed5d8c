import { noRoomError, PgstrataError } from "../base/mod.ts";
import { ProcessError } from "../system/mod.ts";

/** A table somebody else locked, or waits to lock: trying again can help. */
export class TableLockedError extends PgstrataError {}

/**
 * What a failed `pg_dump` or `pg_dumpall` means, from the last lines it wrote under `LC_ALL=C`.
 * An error that is not a failed process comes back as it is.
 */
export function dumpError(thrown: unknown): unknown {
  if (!(thrown instanceof ProcessError)) return thrown;
  const text = withoutProgress(thrown.stderr);
  const error = new ProcessError(thrown.program, thrown.status, thrown.signalName, text);
  const program = error.program.split("/").at(-1) ?? "pg_dump";
  // --lock-wait-timeout is a statement_timeout around pg_dump's LOCK TABLE.
  if (/could not obtain lock on relation|due to lock timeout|statement timeout[^]*LOCK TABLE/.test(text)) {
    return new TableLockedError(`Cannot read the database: ${program} could not lock a table`, {
      cause: error,
      hint:
        "Somebody holds or waits for an exclusive lock (a migration, VACUUM FULL, REINDEX). Wait for it, or allow " +
        "more time with --lock-wait-timeout.",
    });
  }
  if (/No space left on device|Disk quota exceeded|File too large/.test(text)) {
    return noRoomError(`Cannot write the backup: ${program} found no space left`, error);
  }
  if (
    /server closed the connection|terminating connection|connection to server|could not receive data|SSL (?:SYSCALL|error)|invalid snapshot identifier/
      .test(text)
  ) {
    return new PgstrataError(`Cannot read the database: ${program} lost the connection`, {
      code: "connection",
      cause: error,
      hint: "The server stopped, restarted or cut the connection. Nothing unfinished was left behind: run it again.",
    });
  }
  if (/row-level security/.test(text)) {
    return new PgstrataError("Cannot read the database: row-level security hides rows from this role", {
      cause: error,
      hint: "Back up as the tables' owner, or as a role with BYPASSRLS.",
    });
  }
  if (/permission denied/.test(text)) {
    return new PgstrataError("Cannot read the database: this role may not read everything", {
      cause: error,
      hint: "Back up as the owner or grant pg_read_all_data (14 and newer); --skip-unreadable goes on without it.",
    });
  }
  // A value or line above 1 GB (PostgreSQL: MaxAllocSize; enlargeStringInfo in stringinfo.c, worded anew in 17).
  if (
    /invalid memory alloc request size|Cannot enlarge string buffer|string buffer exceeds maximum allowed/.test(text)
  ) {
    return new PgstrataError("Cannot read the database: a row is larger than PostgreSQL can write as text (1 GB)", {
      cause: error,
      hint:
        "No dump can hold it (bytea takes twice its size). Leave the table's rows out with --exclude-table-data, and " +
        "copy them in binary: psql's \\copy (SELECT …) TO FILE WITH (FORMAT binary).",
    });
  }
  if (error.status === null) {
    return new PgstrataError(`Cannot read the database: ${program} was ended by ${error.signalName}`, {
      cause: error,
      hint: "Somebody killed it, or the machine ran out of memory. Nothing unfinished was left behind: run it again.",
    });
  }
  return new PgstrataError(`Cannot read the database: ${program} failed`, {
    cause: error,
    hint: "The cause above is what it said last; --engine pg_dump reads the database in another way.",
  });
}

/** `--verbose` puts dozens of lines of what was begun before the one that tells what went wrong. */
function withoutProgress(stderr: string): string {
  const telling = stderr.split("\n")
    .filter((line) => !/^pg_dump(?:all)?: (?!(?:error|fatal|warning|detail|hint): )/.test(line)).join("\n");
  return telling.trim() === "" ? stderr : telling;
}
