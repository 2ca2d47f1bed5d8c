import { PgstrataError } from "../base/mod.ts";
import { ProcessError } from "../system/mod.ts";
import { BROKEN_TRANSACTION, TRANSACTION } from "./script_stream.ts";

interface Rule {
  readonly test: RegExp;
  readonly state: string;
  readonly hint: string;
  readonly code?: "connection" | "tool";
}

/** The state of an error that a lock of somebody else has caused. */
export const LOCKED = "somebody holds a lock on what is to be replaced";

/** The state of an error that something of the backup needs and the target lacks. */
export const NEEDS_MISSING = "what it needs is not in the target";

/** What stands in the way of DROP. */
export const DEPENDED_ON = {
  state: "objects that are not being restored depend on what is to be replaced",
  hint: "Choose them with --table, too (for a policy, its table). Or --schema S --clean replaces a whole schema with " +
    "everything that hangs on it; --data-only --clean replaces rows alone; --into-schema NEW restores beside.",
};

const RULES: readonly Rule[] = [
  {
    test: /terminating connection|server closed the connection|connection to server|could not receive data|SSL SYSCALL/,
    state: "the connection was lost",
    code: "connection",
    hint: "The server stopped, restarted or cut the connection. Once it is back, restore again.",
  },
  {
    test: /due to lock timeout|deadlock detected/,
    state: LOCKED,
    hint: "End the sessions that use the tables (pg_stat_activity shows them), or restore when nobody works.",
  },
  {
    test: /cannot drop .* because other objects depend on it/,
    ...DEPENDED_ON,
  },
  {
    test: /already exists/,
    state: "something of that name is there already",
    hint: "--clean replaces what exists; --into-schema NEW restores tables beside the living ones.",
  },
  {
    test: /role "[^"]*" does not exist/,
    state: "a role is missing",
    hint: "Leave --no-roles out, create the role, or restore with --no-owner --no-privileges.",
  },
  {
    // PostgreSQL: the function is called by an index, a generated column or a view's contents.
    test: /does not exist[^]*CONTEXT: {2}(?:SQL|PL\/pgSQL) function /,
    state: "a function of the backup finds names by its search_path only, which is empty while restoring",
    hint: "ALTER FUNCTION … SET search_path = …, or names with their schema, then back up again. This backup: " +
      "pg_restore --dbname=URL db_full.dump goes on without what the cause names.",
  },
  {
    test: /ERROR: {2}(?:new row for relation|value for domain) .* violates check constraint/,
    state: "rows do not meet a check of their table",
    hint: "The check has become stricter than its rows, or calls a function that reads what is not there yet. " +
      "pg_restore --dbname=URL db_full.dump loads everything but the table the cause names; data.sql has its rows.",
  },
  {
    test: /ERROR: {2}(?:relation|type|function|schema) .* does not exist/,
    state: NEEDS_MISSING,
    hint: "The cause names it: choose it, too (--table, --schema), or create it first.",
  },
  {
    test:
      /extension "[^"]*" is not available|could not open extension control file|access method "[^"]*" does not exist/,
    state: "an extension is not installed on the server",
    hint: "Install it there; --force restores without it and what needs it.",
  },
  {
    test: /column "[^"]*" of relation "[^"]*" does not exist|null value in column .* violates not-null constraint/,
    state: "the target's table has other columns than the backup's",
    hint: "A migration changed it since. --into-schema NEW puts the table beside, to copy rows from; " +
      "--table S.T --clean without --data-only replaces the table itself.",
  },
  {
    test:
      /has no equivalent in encoding|invalid byte sequence for encoding|default conversion function for encoding .* does not exist/,
    state: "the target's encoding cannot hold the backup's text",
    hint:
      "Restore into a database with the backup's encoding: --create-db with a new name at the end of the URL makes one.",
  },
  {
    test: /would be affected by row-level security policy/,
    state: "row-level security hides rows from the role that restores, so a foreign key cannot be checked",
    hint: "A table has FORCE ROW LEVEL SECURITY. Restore as a superuser or as a role with BYPASSRLS " +
      "(ALTER ROLE … BYPASSRLS).",
  },
  {
    test: /must be owner of|permission denied|must be superuser|must be able to SET ROLE/,
    state: "the role may not do that",
    hint: "Restore as the owner or a superuser; --no-owner and --no-privileges leave out what often is refused.",
  },
  {
    test: /out of shared memory|max_locks_per_transaction/,
    state: "one transaction cannot lock so many objects",
    hint:
      "Raise max_locks_per_transaction on the server, restore schema by schema, or beside the database (no --in-place).",
  },
  {
    test: /unrecognized (?:configuration parameter|privilege type)/,
    state: "the server is older than the client that restores",
    hint: "Restore into a server of the backup's version or newer.",
  },
  {
    test: new RegExp(BROKEN_TRANSACTION),
    state: "text of the backup ended the transaction in the middle, and what came before was kept",
    hint: "Somebody has changed the backup's SQL. Go back to the safety backup.",
  },
  {
    test: /invalid command \\restrict|backslash commands are restricted/,
    state: "the script holds commands for psql, or psql is too old to refuse them",
    code: "tool",
    hint: "Update PostgreSQL's client programs (13.22, 14.19, 15.14, 16.10, 17.6 or newer).",
  },
];

/**
 * What a failed `pg_restore` or `psql` means, from the last lines it wrote under `LC_ALL=C`.
 * An error that is not a failed process comes back as it is.
 */
export function restoreError(error: unknown, doing: string): unknown {
  if (!(error instanceof ProcessError)) return error;
  const text = error.stderr;
  if (/No space left on device|could not extend file/.test(text)) {
    return new PgstrataError(`Cannot ${doing}: the server has no room left`, {
      code: "no_room",
      cause: new Error(whatItSaid(text)),
      hint: "Free space on the server's disk, or enlarge it; until the end a restore needs room beside what is there.",
    });
  }
  const program = error.program.split("/").at(-1) ?? "pg_restore";
  const rule = RULES.find(({ test }) => test.test(text));
  const cause = new Error(whatItSaid(text));
  if (rule !== undefined) {
    return new PgstrataError(`Cannot ${doing}: ${rule.state}`, {
      cause,
      hint: rule.hint,
      ...(rule.code === undefined ? {} : { code: rule.code }),
    });
  }
  return new PgstrataError(`Cannot ${doing}: ${program} failed`, {
    cause,
    hint: "The cause above is what it said last.",
  });
}

/** The last lines without progress and notices, which `--verbose` and psql write among them. */
function whatItSaid(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const kept = lines.filter((line) =>
    !/^pg_restore: (?:creating|processing|executing|launching|finished|skipping|connecting|entering|implied)/.test(
      line,
    ) &&
    !/^psql:[^ ]*: NOTICE: /.test(line) && !line.startsWith(TRANSACTION)
  );
  return (kept.length === 0 ? lines : kept).slice(-12).join("\n");
}
