import { counted, sizeText, systemClock } from "../lib/base/mod.ts";
import type { Session } from "../lib/connection/mod.ts";
import { createSnapshots } from "../lib/snapshot/mod.ts";
import { freeSpace } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { CREATE_OPTIONS } from "./commands/snapshot.ts";
import { documentHead, usage, withDatabase } from "./snapshot.ts";
import { originalName } from "./snapshot_text.ts";

/** `pgstrata snapshot create`. */
export function run(
  invocation: Invocation<typeof CREATE_OPTIONS>,
  context: TaskContext,
): Promise<number> {
  const { options, positionals } = invocation;
  const { reason } = options;
  if (reason === undefined) {
    throw usage("a copy needs a reason", "Give --reason TEXT: those who find it will want to know.");
  }
  return withDatabase(invocation, context, async ({ session, target }) => {
    const { console } = context;
    const started = systemClock.monotonic();
    const made = await createSnapshots(session, {
      tables: positionals,
      reason,
      kind: options.kind,
      ticket: options.ticket ?? null,
      requestedBy: options["requested-by"] ?? null,
      withIndexes: options["with-indexes"],
      withHash: options.hash,
      maxBytes: options["max-size"] ?? null,
      lockTimeout: options["lock-timeout"],
      freeBytes: await freeBytes(session, options["disk-size"]),
      setName: systemClock.now().toISOString(),
    });
    if (context.json) {
      console.document({ ...documentHead("create", target), snapshots: made });
      return 0;
    }
    for (const row of made) {
      console.say(
        `Snapshot ${row.id} of ${originalName(row)}: ${counted(row.rowCount, "row")}, ${sizeText(row.totalBytes)}`,
      );
      console.result(row.backupTable);
    }
    console.say(`Done in ${((systemClock.monotonic() - started) / 1000).toFixed(1)}s`);
    return 0;
  });
}

/** Bytes the server can still write: told by its disk when it stands on this machine, else reckoned from `--disk-size`. */
async function freeBytes(session: Session, diskSize: number | undefined): Promise<number | null> {
  if (diskSize !== undefined) {
    const [row] = await session.query<{ bytes: string }>(
      `SELECT sum(pg_catalog.pg_database_size(d.oid))::text AS bytes FROM pg_catalog.pg_database d
        WHERE pg_catalog.has_database_privilege(d.oid, 'CONNECT')`,
    );
    return Math.max(0, diskSize - Number(row?.bytes ?? 0));
  }
  const { hostaddr } = session.target;
  if (hostaddr !== undefined && !/^(127\.|::1$)/.test(hostaddr)) return null;
  const [row] = await session.query<{ folder: string | null }>(
    "SELECT s.setting AS folder FROM pg_catalog.pg_settings s WHERE s.name = 'data_directory'",
  );
  if (row?.folder === undefined || row.folder === null) return null;
  // A server in a container listens here and writes elsewhere: then there is no such folder.
  return await freeSpace(row.folder).catch(() => null);
}
