import { qualifiedName } from "../base/mod.ts";
import type { ManifestTable } from "../catalog/mod.ts";
import { QueryError, type Session } from "../connection/mod.ts";
import type { BackupSource } from "./backup_source.ts";
import { copyRows } from "./copy_rows.ts";

/** What became of rows that only the table tier holds. */
export interface ExtensionRowsOutcome {
  readonly restored: readonly string[];
  /** Tables whose rows could not be put back, with the reason. */
  readonly failed: readonly { readonly table: string; readonly reason: string }[];
}

// The values of their sequences are in no backup: after loading they must not be handed out again.
const SEQUENCES = `
SELECT pg_catalog.quote_ident(a.attname) AS column, pg_catalog.pg_get_serial_sequence($1, a.attname) AS sequence
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.pg_get_serial_sequence($1, a.attname) IS NOT NULL`;

/**
 * Puts back rows of tables that belong to extensions and that no archive holds (queues and the like): what the
 * extension's installation put there is replaced. Each table by itself; one that refuses is told, not fatal.
 */
export async function restoreExtensionRows(
  session: Session,
  source: BackupSource,
  tables: readonly ManifestTable[],
): Promise<ExtensionRowsOutcome> {
  const restored: string[] = [];
  const failed: { table: string; reason: string }[] = [];
  for (const table of tables) {
    const name = qualifiedName(table.schema, table.name);
    const path = source.dataFile(table);
    const [there] = await session.query<{ there: boolean }>("SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there", [
      name,
    ]);
    if (path === null || table.copyStatement === null || there?.there !== true) {
      failed.push({
        table: name,
        reason: there?.there === true ? "the backup holds no rows of it" : "the target has no such table",
      });
      continue;
    }
    try {
      await session.execute("BEGIN");
      await session.execute(`DELETE FROM ONLY ${name}`);
      await copyRows(session, path, table.copyStatement, source.manifest.server.encoding);
      for (const { column, sequence } of await session.query<{ column: string; sequence: string }>(SEQUENCES, [name])) {
        await session.query(
          `SELECT pg_catalog.setval($1::regclass, m.value) FROM (SELECT pg_catalog.max(${column}) AS value FROM ${name}) AS m
           WHERE m.value IS NOT NULL`,
          [sequence],
        );
      }
      await session.execute("COMMIT");
      restored.push(name);
    } catch (error) {
      await session.execute("ROLLBACK").catch(() => {});
      if (!(error instanceof QueryError)) throw error;
      failed.push({ table: name, reason: error.serverMessage });
    }
  }
  return { restored, failed };
}
