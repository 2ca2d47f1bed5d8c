/** Promise 2: all tiers and the inventory show the same instant, whatever others do meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readToc } from "../../lib/archive/mod.ts";
import type { Manifest } from "../../lib/catalog/mod.ts";
import { openSession, pinTarget } from "../../lib/connection/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, pgText, readText, testTarget } from "./backup_fixture.ts";

const FIXTURE = `
CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO account SELECT i, 100 FROM generate_series(1, 500) i;
CREATE SCHEMA side;
CREATE TABLE entry (id bigserial PRIMARY KEY, note text);
CREATE TABLE side.twin (id bigint PRIMARY KEY);
CREATE VIEW v WITH (security_barrier) AS SELECT * FROM account;
CREATE TABLE ballast AS SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 40000) i;
`;

/** Statements that other sessions run again and again, each one transaction. */
const MEDDLING: readonly ((round: number) => string)[] = [
  (round) =>
    `BEGIN; UPDATE account SET balance = balance - 7 WHERE id = ${1 + round % 500};` +
    `UPDATE account SET balance = balance + 7 WHERE id = ${1 + (round * 31) % 500}; COMMIT`,
  () =>
    `BEGIN; WITH e AS (INSERT INTO entry (note) VALUES ('x') RETURNING id) INSERT INTO side.twin SELECT id FROM e; COMMIT`,
  (round) => `CREATE TABLE side.short_${round % 7} AS SELECT 1 AS a; DROP TABLE side.short_${round % 7}`,
];

for (const major of testedMajors()) {
  const server = await testServer(major);
  Deno.test(`backup on PostgreSQL ${major} shows one instant while others write, create and drop`, async () => {
    await using shelf = await TempFolder.create();
    const database = await server.createDatabase({ sql: FIXTURE });
    let going = true;
    let rounds = 0;
    const meddlers = MEDDLING.map(async (statement) => {
      await using session = await openSession(await pinTarget(testTarget(database.url)), { searchPath: "public" });
      for (let round = 0; going; round++) {
        // A drop waits for the backup's lock no longer than this; then it tries again.
        await session.execute(`SET lock_timeout = '100ms'; ${statement(round)}`).catch(() =>
          session.execute("ROLLBACK")
        );
        rounds++;
      }
    });
    try {
      for (let run = 0; run < 3; run++) {
        const before = rounds;
        const { folder, manifest } = await backUp(database.url, shelf.path, server.tools);
        assert(rounds > before, "nobody wrote while the backup ran");
        await assertOneInstant(
          folder,
          manifest,
          (archive) => pgText(server.tools, "pg_restore", ["-a", "-f-", archive]),
        );
      }
    } finally {
      going = false;
      await Promise.all(meddlers);
    }
    await database.drop();
  });
}

async function assertOneInstant(
  folder: string,
  manifest: Manifest,
  script: (archive: string) => Promise<string>,
): Promise<void> {
  assertEquals(manifest.status, "complete");
  const rowsOf = async (table: string) => copyRows(await readText(folder, `${table}/data.sql`));
  const accounts = await rowsOf("public/tables/account");
  assertEquals(accounts.length, 500);
  assertEquals(accounts.reduce((sum, row) => sum + Number(row.split("\t")[1]), 0), 50_000, "a transfer is half there");
  const entries = await rowsOf("public/tables/entry");
  const twins = await rowsOf("side/tables/twin");
  assertEquals(entries.map((row) => row.split("\t")[0]).sort(), twins.sort(), "a pair of rows is half there");

  // The archives hold the very same rows, and the catalog's tables are those of the archive.
  const full = manifest.files.find((file) => file.tier === "full")?.path ?? "";
  const whole = await script(join(folder, full));
  for (const table of manifest.tables) {
    const copy = (await readText(folder, `${table.folder}/data.sql`)).match(/^COPY [^]*^\\\.$/m)?.[0] ?? "";
    assert(copy !== "" && whole.includes(copy), `${table.schema}.${table.name} differs between the tiers`);
    const archive = manifest.schemas.find((schema) => schema.name === table.schema)?.archive ?? "";
    assert((await script(join(folder, archive))).includes(copy), `${table.name} differs in its schema's archive`);
    assertEquals(copyRows(copy).length, table.rows);
  }
  const { toc } = readToc(await Deno.readFile(join(folder, full)));
  const inArchive = toc.entries.filter((entry) => entry.desc === "TABLE").map((entry) => Number(entry.oid)).sort();
  assertEquals(manifest.tables.map((table) => table.oid).sort(), inArchive);
}

function copyRows(script: string): string[] {
  const data = /^COPY .* FROM stdin;\n([^]*?)^\\\.$/m.exec(script)?.[1] ?? "";
  return data.split("\n").slice(0, -1);
}
