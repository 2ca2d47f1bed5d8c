import { counted, messageOf, qualifiedName } from "../base/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import { findWidenedAccess } from "./access_check.ts";
import { restoreExtensionRows } from "./extension_rows.ts";
import type { RestoreWork } from "./restore_work.ts";
import { isEmpty } from "./target_facts.ts";

/** Statements of owners and privileges that need care, in one transaction; what is refused is told and passed over. */
export async function runAfterStatements(session: Session, { list, log }: RestoreWork): Promise<void> {
  if (list.after.length === 0) return;
  const refused: string[] = [];
  await session.execute("BEGIN");
  for (const statement of list.after) {
    await session.execute("SAVEPOINT one");
    try {
      await session.execute(statement);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      await session.execute("ROLLBACK TO SAVEPOINT one");
      refused.push(`${statement} (${error.serverMessage})`);
    }
  }
  await session.execute("COMMIT");
  log.notGranted = [...log.notGranted, ...refused];
}

/** What comes after the load: rows that only the table tier has, statistics, and a look at who may do what. */
export async function finishDatabase(session: Session, work: RestoreWork): Promise<void> {
  const { log, source, selection, options } = work;
  if (selection.whole && options.content !== "schema-only") await putBackExtensionRows(session, work);
  await analyze(session, work);
  if (options.content !== "data-only") {
    log.widened = await findWidenedAccess(session, source.manifest, restoredSchemas(work));
    for (const line of log.widened) log.warn(`access is wider than in the backup: ${line}`);
  }
}

/** Schemas whose relations and routines were restored; what stands in others was there before. Null: everything was. */
export function restoredSchemas({ list, script, facts }: RestoreWork): ReadonlySet<string> | null {
  if (script !== null || !facts.supabase && isEmpty(facts)) return null;
  const own = list.entries.filter(({ desc, dropStmt }) => (dropStmt ?? "").startsWith("DROP ") && !HANGING.has(desc));
  return new Set(own.flatMap((entry) => entry.desc === "SCHEMA" ? [entry.tag ?? ""] : [entry.namespace ?? ""]));
}

const HANGING: ReadonlySet<string> = new Set(["TRIGGER", "POLICY", "RULE", "INDEX"]);

async function putBackExtensionRows(session: Session, { source, log, facts, list }: RestoreWork): Promise<void> {
  const tables = source.manifest.tables.filter((table) => table.source === "copy");
  if (tables.length === 0) return;
  if (facts.supabase) return;
  const { restored, failed } = await restoreExtensionRows(session, source, tables);
  if (restored.length > 0) log.done(`put back the rows of ${counted(restored.length, "table")} of extensions`);
  for (const { table, reason } of failed) {
    const left = list.extensionsLeftOut.size > 0 ? ", an extension was left out" : "";
    log.warn(`the rows of ${table} were not restored: ${reason}${left}`);
  }
}

// Not ANALYZE alone: it would go to foreign servers, too.
const TABLES = `
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

async function analyze(session: Session, { selection, log }: RestoreWork): Promise<void> {
  const chosen = new Set(selection.names.map(({ schema, name }) => qualifiedName(schema, name)));
  const names = (await session.query<{ name: string }>(TABLES)).map(({ name }) => name)
    .filter((name) => selection.whole || selection.schemas.length > 0 || chosen.has(name));
  if (names.length === 0) return;
  try {
    await session.execute(`SET client_min_messages = error; ANALYZE ${names.join(", ")}`);
    log.done("updated the planner's statistics");
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    log.warn(`ANALYZE was refused: ${messageOf(error.cause)}`);
  } finally {
    await session.execute("RESET client_min_messages");
  }
}
