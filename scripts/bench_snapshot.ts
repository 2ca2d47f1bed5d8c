/**
 * Measures table snapshots on a big table: `create` against a plain CREATE TABLE AS, and the memory of `diff` by key.
 *
 *     deno run -A scripts/bench_snapshot.ts [rows] [major]
 */
import { openSession, parseConnectionString, pinTarget, type Session } from "../lib/connection/mod.ts";
import { createSnapshots, diffSnapshot, dropSnapshot, installSnapshots, snapshotsById } from "../lib/snapshot/mod.ts";
import { testServer } from "./test_server.ts";

const ROUNDS = 5;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Milliseconds of CPU that a process of this machine has used: what others do at the same time hardly changes it. */
async function cpuTime(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function create(session: Session): Promise<number> {
  const [row] = await createSnapshots(session, {
    tables: ["events"],
    reason: "benchmark",
    kind: "daily",
    ticket: null,
    requestedBy: null,
    withIndexes: false,
    withHash: false,
    maxBytes: 2 ** 50,
    lockTimeout: 5_000,
    freeBytes: null,
    setName: "benchmark",
  });
  return row?.id ?? 0;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const rows = Number(Deno.args[0] ?? 10_000_000);
const server = await testServer(Number(Deno.args[1] ?? 15), {
  settings: { max_wal_size: "8GB", shared_buffers: "512MB" },
});
const database = await server.createDatabase();
await using session = await openSession(
  await pinTarget(parseConnectionString(database.url, { environment: "bench", source: "bench", env: {} })),
);
await installSnapshots(session);
await session.execute(`
CREATE TABLE public.events (id bigint PRIMARY KEY, at timestamptz NOT NULL, kind text, amount numeric(10, 2), note text);
INSERT INTO public.events SELECT i, '2026-01-01'::timestamptz + i * interval '1 second', 'kind ' || i % 20, i % 100000 / 7.0, md5(i::text)
  FROM generate_series(1, ${rows}) AS i`);
await session.execute("VACUUM (ANALYZE, FREEZE) public.events");

const plain: number[] = [];
const snapshot: number[] = [];
const plainCpu: number[] = [];
const snapshotCpu: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  await session.execute("CHECKPOINT");
  const start = await cpuTime(session.backendPid);
  const plainTime = await timed(() => session.execute("CREATE TABLE public.plain AS SELECT * FROM public.events"));
  const afterPlain = await cpuTime(session.backendPid);
  await session.execute("DROP TABLE public.plain");
  await session.execute("CHECKPOINT");
  const middle = await cpuTime(session.backendPid);
  let id = 0;
  const snapshotTime = await timed(async () => id = await create(session));
  const afterSnapshot = await cpuTime(session.backendPid);
  await dropSnapshot(session, id, { reason: "benchmark", lockTimeout: 5_000 });
  // The first round fills the caches.
  if (round > 0) {
    plain.push(plainTime);
    snapshot.push(snapshotTime);
    plainCpu.push(afterPlain - start);
    snapshotCpu.push(afterSnapshot - middle);
  }
}
const id = await create(session);
await session.execute(`UPDATE public.events SET note = 'changed' WHERE id % 1000 = 0;
DELETE FROM public.events WHERE id % 1000 = 1;
INSERT INTO public.events SELECT -i, now() FROM generate_series(1, 500) AS i`);
const [record] = await snapshotsById(session, [id]);
const before = Deno.memoryUsage().rss;
let peak = before;
const watch = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 50);
let found: unknown;
const diffTime = await timed(async () => found = record === undefined ? null : await diffSnapshot(session, record, 20));
clearInterval(watch);
const report = JSON.stringify(
  {
    rows,
    server: session.serverVersion,
    plainMs: plain.map(Math.round),
    snapshotMs: snapshot.map(Math.round),
    ratioOfMedians: Number((median(snapshot) / median(plain)).toFixed(3)),
    plainCpuMs: plainCpu,
    snapshotCpuMs: snapshotCpu,
    cpuRatioOfMedians: Number((median(snapshotCpu) / median(plainCpu)).toFixed(3)),
    diffMs: Math.round(diffTime),
    diff: (found as { rows?: unknown } | null)?.rows,
    ourMemoryGrowthMB: Number(((peak - before) / 1e6).toFixed(1)),
  },
  null,
  2,
);
await Deno.stdout.write(new TextEncoder().encode(`${report}\n`));
await session.close();
Deno.exit(0);
