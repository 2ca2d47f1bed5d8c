import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { PinnedTarget } from "../connection/mod.ts";
import type { RestoreOptions } from "./options.ts";

/** The command that brings the state before a change in place back from its safety backup. */
export function undoCommand(options: RestoreOptions, safetyBackup: string): string {
  const { target, schemas, tables } = options;
  const part = [
    ...schemas.map((pattern) => ` --schema ${shell(pattern)}`),
    ...tables.map((pattern) => ` --table ${shell(pattern)}`),
  ].join("");
  const way = part === "" ? " --in-place" : " --clean";
  const rows = options.content === "data-only" ? " --data-only --clean" : way;
  return `pgstrata restore ${shell(safetyBackup)} --to ${toText(options)}${part}${rows} --yes ${
    shell(target.database)
  }`;
}

/** The command that renames the databases back after a swap. */
export function renameBack(target: PinnedTarget, before: string, restored: string): string {
  const [living, old, aside] = [target.database, before, restored].map(quoteIdentifier);
  const maintenance = target.database === "postgres" ? "template1" : "postgres";
  const sql = `BEGIN; ALTER DATABASE ${living} RENAME TO ${aside}; ALTER DATABASE ${old} RENAME TO ${living}; COMMIT`;
  return psqlCommand(target, maintenance, sql);
}

/** The command that removes what was restored beside: a schema that was made for it whole, else the tables alone. */
export function dropBeside(target: PinnedTarget, schema: string, tables: readonly string[], isNew: boolean): string {
  const sql = isNew
    ? `DROP SCHEMA ${quoteIdentifier(schema)} CASCADE`
    : `DROP TABLE ${tables.map((name) => qualifiedName(schema, name)).join(", ")}`;
  return psqlCommand(target, target.database, sql);
}

function psqlCommand(target: PinnedTarget, database: string, sql: string): string {
  const place = `--host=${shell(target.host)} --port=${target.port} --username=${shell(target.user)}`;
  return `psql ${place} --dbname=${shell(database)} --command=${shell(sql)}`;
}

/** Never a connection string: it may hold a password. */
function toText({ target }: RestoreOptions): string {
  const isEnvironment = /^(?:DATABASE_URL|SUPABASE_PROJECT_REF|PG\* )/.test(target.source);
  return isEnvironment ? shell(target.environment) : '"$TARGET_URL"';
}

function shell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
