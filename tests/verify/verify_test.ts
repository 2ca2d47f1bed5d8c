import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readBlocks, readToc } from "../../lib/archive/mod.ts";
import { CHECKSUMS_FILE, type Manifest, MANIFEST_FILE, manifestText } from "../../lib/catalog/mod.ts";
import { type Finding, verifyBackup, type VerifyReport } from "../../lib/verify/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { pgText } from "../backup/backup_fixture.ts";
import { copyOf, makeBackup, SMALL_DATABASE, verifyDeps } from "./verify_fixture.ts";

const server = await testServer();
const database = await server.createDatabase({ sql: SMALL_DATABASE });
const backup = await makeBackup(database.url, server.tools);

/** A backup is verified in this thread, without pg_restore: what our own reader finds. */
async function verify(folder: string): Promise<VerifyReport> {
  return await verifyBackup(folder, verifyDeps(server.tools, { pgRestore: false }));
}

function damages(report: VerifyReport): Finding[] {
  return report.findings.filter(({ severity }) => severity === "damage");
}

/** Changes a file of a copy of the backup and verifies that. */
async function afterEdit(path: string, edit: (bytes: Uint8Array) => Uint8Array): Promise<Finding[]> {
  const folder = await copyOf(backup.folder);
  await Deno.writeFile(join(folder, path), edit(await Deno.readFile(join(folder, path))));
  return damages(await verify(folder));
}

Deno.test("a whole backup is good: every file, archive and row was read", async () => {
  const report = await verifyBackup(backup.folder, verifyDeps(server.tools));
  assertEquals(report.findings, []);
  assertEquals(report.notVerified, []);
  assert(report.good);
  // Each is read three times (full and schema archive, data.sql) and counted once.
  assertEquals([report.tables, report.rows], [4, 502]);
  assertEquals(report.files, backup.manifest.files.length + 2);
});

Deno.test("workers find the same as this thread", async () => {
  const report = await verifyBackup(backup.folder, verifyDeps(server.tools, { workers: 2 }));
  const { duration: _, ...facts } = report;
  const { duration: __, ...expected } = await verifyBackup(backup.folder, verifyDeps(server.tools));
  assertEquals(facts, expected);
  const folder = await copyOf(backup.folder);
  await Deno.truncate(join(folder, "db_full.dump"), 5000);
  const found = await verifyBackup(folder, verifyDeps(server.tools, { workers: 2 }));
  assertEquals(found.findings, (await verifyBackup(folder, verifyDeps(server.tools))).findings);
});

Deno.test("what is not to be read is looked for and not read; manifest and what is to be read are", async () => {
  const folder = await copyOf(backup.folder);
  const check = async (hashOnly: readonly string[]) =>
    damages(await verifyBackup(folder, verifyDeps(server.tools, { hashOnly }))).map(({ file }) => file);
  const flip = async (path: string) => {
    const bytes = await Deno.readFile(join(folder, path));
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    await Deno.writeFile(join(folder, path), bytes);
  };
  await flip("app/tables/orders/data.sql");
  assertEquals(await check(["db_full.dump"]), []);
  assertEquals(await check(["db_full.dump", "app/tables/orders/data.sql"]), ["app/tables/orders/data.sql"]);
  await Deno.remove(join(folder, "app/tables/lines/data.sql"));
  assertEquals(await check(["db_full.dump"]), ["app/tables/lines/data.sql"]);
  await flip("db_full.dump");
  assert((await check(["db_full.dump"])).includes("db_full.dump"));
  assert(!(await check(["roles.sql"])).includes("db_full.dump"));
});

Deno.test("each of 1 000 changed bits or bytes anywhere in a backup is found in the file it is in", async () => {
  const tiny = await server.createDatabase({
    sql: "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'x')",
  });
  const { folder, manifest } = await makeBackup(tiny.url, server.tools);
  const inscriptions = [MANIFEST_FILE, CHECKSUMS_FILE];
  const paths = [...manifest.files.map((file) => file.path).filter((path) => path !== MANIFEST_FILE), ...inscriptions];
  const files = new Map<string, Uint8Array>();
  for (const path of paths) files.set(path, await Deno.readFile(join(folder, path)));
  const random = generator(20260810);
  let rounds = 0;
  for (let round = 0; rounds < 1000; round++) {
    // Every file in turn, so that small ones get their share.
    const path = paths[round % paths.length] ?? "";
    const original = files.get(path) ?? new Uint8Array(0);
    if (original.length === 0) continue;
    rounds++;
    const changed = original.slice();
    const at = random() % original.length;
    const by = rounds % 2 === 0 ? 1 << (random() % 8) : 1 + (random() % 255);
    changed[at] = (changed[at] ?? 0) ^ by;
    await Deno.writeFile(join(folder, path), changed);
    const found = damages(await verify(folder));
    // A hash that was changed is found by comparing the two files that hold it.
    const names = inscriptions.includes(path) ? inscriptions : [path];
    const isNamed = found.some(({ file }) => names.includes(file));
    assert(isNamed, `${path}, byte ${at}, xor ${by}: ${JSON.stringify(found)}`);
    await Deno.writeFile(join(folder, path), original);
  }
  assert((await verify(folder)).good);
});

Deno.test("a truncated archive is named with the place where it ends", async () => {
  const length = (await Deno.stat(join(backup.folder, "db_full.dump"))).size;
  const found = await afterEdit("db_full.dump", (bytes) => bytes.slice(0, length - 3));
  const format = found.find(({ kind }) => kind === "format");
  assertEquals(format?.offset, length - 3);
  assertMatch(format?.message ?? "", /it ends within/);
});

Deno.test("a damaged block is named with its place and its table", async () => {
  const folder = await copyOf(backup.folder);
  const path = join(folder, "db_full.dump");
  const bytes = await Deno.readFile(path);
  const at = bytes.length - 2000;
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  await Deno.writeFile(path, bytes);
  const found = damages(await verify(folder)).filter(({ kind }) => kind !== "checksum");
  assert(found.length > 0);
  for (const { file, offset, table } of found) {
    assertEquals(file, "db_full.dump");
    assert(offset === null || offset <= at + 1024 * 1024, String(offset));
    assert(table === null || /^app\.|^public\./.test(table));
  }
});

Deno.test("missing, additional and swapped files are named", async () => {
  const folder = await copyOf(backup.folder);
  await Deno.remove(join(folder, "app/tables/lines/data.sql"));
  await Deno.writeTextFile(join(folder, "app/tables/note.txt"), "hello");
  const orders = join(folder, "app/tables/orders/schema.sql");
  await Deno.copyFile(join(folder, "app/tables/empty/schema.sql"), orders);
  assertEquals(damages(await verify(folder)).map(({ kind, file }) => `${kind} ${file}`), [
    "missing app/tables/lines/data.sql",
    "extra app/tables/note.txt",
    "size app/tables/orders/schema.sql",
  ]);
});

Deno.test("data.sql that is cut off before its end marker is named with the place", async () => {
  const data = new TextDecoder().decode(await Deno.readFile(join(backup.folder, "app/tables/orders/data.sql")));
  const cut = data.indexOf("\\.\n");
  const found = await afterEdit("app/tables/orders/data.sql", (bytes) => bytes.slice(0, cut));
  assertEquals(found.find(({ kind }) => kind === "format")?.offset, cut);
  assertEquals(found.find(({ kind }) => kind === "format")?.table, "app.orders");
});

/** Somebody who changes a backup may change the manifest and the checksums with it: the tiers then disagree. */
async function forge(
  path: string,
  edit: (text: string) => string,
  change: (manifest: Manifest) => Manifest,
): Promise<Finding[]> {
  const folder = await copyOf(backup.folder);
  const text = edit(await Deno.readTextFile(join(folder, path)));
  await Deno.writeTextFile(join(folder, path), text);
  const { sha256, bytes } = await hashed(text);
  const manifest = change(backup.manifest);
  const files = manifest.files.map((file) => file.path === path ? { ...file, sha256, bytes } : file);
  await Deno.writeTextFile(join(folder, MANIFEST_FILE), manifestText({ ...manifest, files }));
  const sums = [...files, { path: MANIFEST_FILE, ...await hashed(manifestText({ ...manifest, files })) }]
    .filter((file, index, all) => all.findLastIndex((other) => other.path === file.path) === index)
    .toSorted((a, b) => a.path < b.path ? -1 : 1).map((file) => `${file.sha256}  ${file.path}\n`).join("");
  await Deno.writeTextFile(join(folder, "SHA256SUMS"), sums);
  return damages(await verify(folder)).filter(({ file }) => file !== "SHA256SUMS" && file !== MANIFEST_FILE);
}

async function hashed(text: string): Promise<{ sha256: string; bytes: number }> {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""), bytes: bytes.length };
}

Deno.test("an edited row is found although manifest and checksums were made to fit the file", async () => {
  const path = "app/tables/orders/data.sql";
  const found = await forge(path, (text) => text.replace("item 17\t", "item 71\t"), (manifest) => manifest);
  assertEquals(found.map(({ kind, file, table }) => [kind, file, table]), [["rows", path, "app.orders"]]);
});

Deno.test("an edited schema.sql is found although manifest and checksums were made to fit the file", async () => {
  const found = await forge(
    "schema.sql",
    (text) => text.replace("CREATE POLICY own", "CREATE POLICY oww"),
    (manifest) => manifest,
  );
  assertEquals(found.map(({ kind, file }) => [kind, file]), [["definitions", "schema.sql"]]);
  assert((found[0]?.offset ?? 0) > 0);
});

Deno.test("a table that the manifest has and the archive has not is named", async () => {
  const found = await forge("version.txt", (text) => text, (manifest) => ({
    ...manifest,
    tables: [...manifest.tables, {
      ...manifest.tables[0] as Manifest["tables"][number],
      oid: 1,
      name: "ghost",
      folder: null,
      source: "archive",
    }],
  }));
  assert(found.some(({ table, message }) => table === "app.ghost" && /are missing/.test(message)));
});

Deno.test("a folder without manifest is read as far as it can be, and it is said what was not verified", async () => {
  const folder = await copyOf(backup.folder);
  await Deno.remove(join(folder, MANIFEST_FILE));
  await Deno.remove(join(folder, "SHA256SUMS"));
  const report = await verify(folder);
  assert(report.good);
  assertEquals(report.manifest, null);
  assertEquals(report.archives, 3);
  assert(report.notVerified.some(({ file }) => file === "."));
  assert(report.notVerified.some(({ file }) => file === "roles.sql"));
  await Deno.truncate(join(folder, "db_full.dump"), 9000);
  assert(!(await verify(folder)).good);
});

Deno.test("files that others may read are a warning, not damage", async () => {
  const folder = await copyOf(backup.folder);
  await Deno.chmod(join(folder, "roles.sql"), 0o644);
  const report = await verify(folder);
  assert(report.good);
  assertEquals(report.findings.map(({ kind, file, severity }) => [kind, file, severity]), [[
    "mode",
    "roles.sql",
    "warning",
  ]]);
});

Deno.test("an archive that only pg_restore finds unreadable is damaged", async () => {
  const tools = await fakeRestore();
  const report = await verifyBackup(backup.folder, verifyDeps(server.tools, { env: { PGSTRATA_PG_BIN: tools } }));
  assertEquals(damages(report).filter(({ file }) => file === "db_full.dump").map(({ message }) => message), [
    "pg_restore cannot read it: pg_restore: error: out of luck",
  ]);
});

/** A folder with a `pg_restore` that always fails. */
async function fakeRestore(): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: join(await copyOf(backup.folder), "..") });
  const script = '#!/bin/sh\n[ "$1" = --version ] && { echo "pg_restore (PostgreSQL) 15.18"; exit; }\n' +
    "echo 'pg_restore: error: out of luck' >&2; exit 1\n";
  await Deno.writeTextFile(join(folder, "pg_restore"), script, { mode: 0o755 });
  return folder;
}

Deno.test("backups of the loop engine, and uncompressed ones, are verified like others", async () => {
  for (const changes of [{ engine: "pg_dump" }, { compression: { algorithm: "none", level: 0 } }] as const) {
    const { folder } = await makeBackup(database.url, server.tools, changes);
    const report = await verifyBackup(folder, verifyDeps(server.tools));
    assertEquals(report.findings, []);
    assertEquals(report.rows, 502);
  }
});

Deno.test("a row that is longer than any of our chunks is read, also where pg_dump wrote it as one", async () => {
  const large = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT repeat('long', 5000000) AS a" });
  const { folder } = await makeBackup(large.url, server.tools, {
    engine: "pg_dump",
    compression: { algorithm: "none", level: 0 },
  });
  const report = await verifyBackup(folder, verifyDeps(server.tools));
  assertEquals([report.findings, report.rows], [[], 1]);
});

for (const major of testedMajors().filter((each) => each >= 16)) {
  const newer = await testServer(major);
  const source = await newer.createDatabase({ sql: SMALL_DATABASE });
  const zstd = await makeBackup(source.url, newer.tools);

  Deno.test(`zstd archives of version ${major} are read by pg_restore, and every change in their data is found`, async () => {
    assertMatch(zstd.manifest.client.compression, /^zstd/);
    const report = await verifyBackup(zstd.folder, verifyDeps(newer.tools, { workers: 2 }));
    assertEquals([report.findings, report.notVerified, report.rows], [[], [], 502]);
    const without = await verifyBackup(zstd.folder, verifyDeps(newer.tools, { env: { PATH: "/nowhere" } }));
    assert(without.good && without.notVerified.length > 0);
  });

  Deno.test(`a zstd block of version ${major} that was cut at a chunk's border is found`, async () => {
    const large = await newer.createDatabase({
      sql: "CREATE TABLE t AS SELECT i, md5(i::text) AS a FROM generate_series(1, 60000) AS i",
    });
    const { folder } = await makeBackup(large.url, newer.tools, { tiers: ["full"] });
    const path = join(folder, "db_full.dump");
    await Deno.writeFile(path, withoutLastChunk(await Deno.readFile(path)));
    // pg_restore itself takes the rest for whole: rows vanish without an error.
    const script = await pgText(newer.tools, "pg_restore", ["--data-only", "--file=-", path]);
    assert(script.length > 1024 * 1024 && !script.includes("60000\t"));
    const found = damages(await verifyBackup(folder, verifyDeps(newer.tools)));
    const named = found.find(({ table }) => table !== null);
    assertEquals([named?.file, named?.table], ["db_full.dump", "public.t"]);
    assert((named?.offset ?? 0) > 0);
  });
}

/** The archive without the last chunk of its blocks; their ends stay. */
function withoutLastChunk(bytes: Uint8Array): Uint8Array {
  const start = readToc(bytes).length;
  let position = start;
  const read = (length: number) => bytes.subarray(position, position += length);
  let last = { offset: 0, length: 0 };
  for (const event of readBlocks(read, start)) {
    if (event.type === "chunk") last = { offset: event.offset, length: 5 + event.bytes.length };
  }
  const cut = new Uint8Array(bytes.length - last.length);
  cut.set(bytes.subarray(0, last.offset));
  cut.set(bytes.subarray(last.offset + last.length), last.offset);
  return cut;
}

/** xorshift32: the same changes on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
