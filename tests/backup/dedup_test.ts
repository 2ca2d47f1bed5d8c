import { assert, assertEquals, assertLess, assertLessOrEqual, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import type { BackupEvent, BackupResult } from "../../lib/backup/mod.ts";
import { MANIFEST_FILE, type ManifestFile, readShelf } from "../../lib/catalog/mod.ts";
import { hashFile, processText, TempFolder } from "../../lib/system/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { backUp, pgText } from "./backup_fixture.ts";

/** A table whose COPY text is some megabytes, so that it outweighs manifest and summary. */
const BULK = `CREATE TABLE public.bulk AS
  SELECT id, md5(id::text) AS a, md5((id * 7)::text) AS b FROM generate_series(1, 60000) AS id`;

/** Blocks that folders take together, in KiB; what is linked counts once. As `du` says. */
async function diskUsage(folders: readonly string[]): Promise<number> {
  const text = await processText({ program: "du", args: ["--summarize", "--total", "--block-size=1K", ...folders] });
  return Number(/^(\d+)\ttotal$/m.exec(text)?.[1]);
}

const byPath = (files: readonly ManifestFile[]) => new Map(files.map((file) => [file.path, file]));

/** Every file is what the manifest says, folders are 0700, files 0600 or, where they have several names, 0400. */
async function assertWhole({ folder, manifest }: BackupResult): Promise<void> {
  for (const { path, bytes, sha256 } of manifest.files) {
    assertEquals(await hashFile(join(folder, path)), { bytes, sha256 }, path);
  }
  const check = await processText({ program: "sha256sum", args: ["--check", "--quiet", "SHA256SUMS"], cwd: folder });
  assertEquals(check, "");
  assertModes(folder);
}

function assertModes(path: string): void {
  const { isDirectory, mode, nlink } = Deno.lstatSync(path);
  const expected = isDirectory ? 0o700 : nlink !== null && nlink > 1 ? 0o400 : 0o600;
  assertEquals((mode ?? 0) & 0o777, expected, path);
  if (isDirectory) { for (const { name } of Deno.readDirSync(path)) assertModes(join(path, name)); }
}

for (const major of testedMajors()) {
  const server = await testServer(major);

  for (const engine of ["archive", "pg_dump"] as const) {
    Deno.test(`a second backup of an unchanged database with ${engine} costs at most 5 % on ${major}`, async () => {
      const database = await server.createDatabase("empty");
      await database.psql(`${BULK}; CREATE SCHEMA "Other"; CREATE TABLE "Other".t AS SELECT 1 AS x`);
      await using shelf = await TempFolder.create();
      const events: BackupEvent[] = [];
      const options = { engine, dedup: true, onEvent: (event: BackupEvent) => void events.push(event) };
      const first = await backUp(database.url, shelf.path, server.tools, options);
      const alone = await diskUsage([first.folder]);
      const second = await backUp(database.url, shelf.path, server.tools, options);
      const both = await diskUsage([first.folder, second.folder]);
      const share = (both - alone) / alone;
      assertLessOrEqual(share, 0.05, `${alone} KiB, then ${both} KiB`);
      const notices = events.flatMap((event) =>
        event.type === "notice" && event.message.startsWith("dedup") ? [event.message] : []
      );
      assertEquals(notices[0], "dedup: no earlier backup of test to share files with");
      assertMatch(notices[1] ?? "", /^dedup: (\d+) of \1 files \(.* MB\) are those of \d{8}_\d{6}_test$/);

      // Both are whole, and restore with PostgreSQL's own program.
      await assertWhole(first);
      await assertWhole(second);
      const full = second.manifest.files.find(({ tier }) => tier === "full")?.path ?? "";
      const list = await pgText(server.tools, "pg_restore", ["--list", join(second.folder, full)]);
      assertMatch(list, /TABLE DATA public bulk/);
      const shelfNow = await readShelf(shelf.path);
      assertLess(shelfNow.usage.real, shelfNow.usage.apparent * 0.55);
    });
  }

  Deno.test(`dedup shares only what is the same on ${major}`, async () => {
    const database = await server.createDatabase("empty");
    await database.psql(`${BULK}; CREATE SCHEMA other; CREATE TABLE other.t AS SELECT 1 AS x`);
    await using shelf = await TempFolder.create();
    const first = await backUp(database.url, shelf.path, server.tools);
    await database.psql("UPDATE other.t SET x = 2");
    const second = await backUp(database.url, shelf.path, server.tools, { dedup: true });
    await assertWhole(second);
    const shared = (path: string) => (Deno.lstatSync(join(second.folder, path)).nlink ?? 1) > 1;
    assertEquals(
      ["public/tables/bulk/data.sql", "other/tables/t/schema.sql", "other/tables/t/data.sql", "db_full.dump"].map(
        shared,
      ),
      [true, true, false, false],
    );
    const archives = byPath(second.manifest.files);
    const archiveOf = (name: string) => second.manifest.schemas.find((schema) => schema.name === name)?.archive ?? "";
    assertEquals([shared(archiveOf("public")), shared(archiveOf("other"))], [true, false]);
    // The linked archive has the hash of the older one, which differs by the time in its header.
    const older = first.manifest.schemas.find(({ name }) => name === "public")?.archive ?? "";
    assertEquals(archives.get(archiveOf("public"))?.sha256, byPath(first.manifest.files).get(older)?.sha256);
  });

  Deno.test(`dedup links nothing to a file that is damaged, and says so, on ${major}`, async () => {
    const database = await server.createDatabase("empty");
    await database.psql(BULK);
    await using shelf = await TempFolder.create();
    const first = await backUp(database.url, shelf.path, server.tools);
    const path = "public/tables/bulk/data.sql";
    using file = await Deno.open(join(first.folder, path), { write: true });
    await file.seek(1_000_000, Deno.SeekMode.Start);
    await file.write(new Uint8Array([0]));
    const warnings: string[] = [];
    const second = await backUp(database.url, shelf.path, server.tools, {
      dedup: true,
      onEvent: (event) => event.type === "warning" && warnings.push(event.message),
    });
    await assertWhole(second);
    assertEquals(Deno.lstatSync(join(second.folder, path)).nlink, 1);
    assertNotEquals(await hashFile(join(second.folder, path)), await hashFile(join(first.folder, path)));
    const found = warnings.filter((warning) => warning.startsWith("dedup"));
    assertEquals(found.length, 1);
    assertMatch(found[0] ?? "", /_test is not what its manifest says \(public\/tables\/bulk\/data\.sql\): verify it$/);
    assert(second.manifest.warnings.includes(found[0] ?? ""));
  });

  Deno.test(`dedup and the ci layout work together on ${major}`, async () => {
    const database = await server.createDatabase("empty");
    await database.psql(BULK);
    await using shelf = await TempFolder.create();
    const options = {
      layout: "ci",
      dedup: true,
      origin: { repository: "o/shop", event: "push", sha: "abcdef0123" },
    } as const;
    await backUp(database.url, shelf.path, server.tools, options);
    const second = await backUp(database.url, shelf.path, server.tools, options);
    await assertWhole(second);
    assertMatch(second.folder, /\/archive\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ--shop--push--abcdef0$/);
    const names = [...Deno.readDirSync(join(shelf.path, "latest"))].map(({ name }) => name);
    assertEquals(names.length, 1);
    const { entries, usage } = await readShelf(shelf.path, { index: "ignore" });
    assertEquals(entries.map((entry) => [entry.kind, entry.kind === "backup" && entry.publishedAt !== null]), [
      ["backup", true],
      ["backup", false],
    ]);
    assertLess(usage.real, usage.apparent * 0.4);
    assertModes(join(shelf.path, "latest"));
    assertEquals((await Deno.stat(join(second.folder, MANIFEST_FILE))).nlink, 2);
  });
}
