import { assert, assertEquals, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { claimFolder, exists } from "../../lib/catalog/claim_folder.ts";
import { ciOrigin } from "../../lib/catalog/ci_origin.ts";
import { type FolderMeta, LAYOUTS } from "../../lib/catalog/layout.ts";
import { linkTree } from "../../lib/catalog/link_tree.ts";
import { publishLatest } from "../../lib/catalog/publish_latest.ts";
import { sealFolder } from "../../lib/catalog/seal.ts";
import { TempFolder } from "../../lib/system/mod.ts";

const meta: FolderMeta = {
  time: new Date("2026-03-04T05:06:07Z"),
  environment: "prod",
  label: null,
  origin: ciOrigin({}),
  several: false,
};
const mode = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o777;
const names = (path: string) => [...Deno.readDirSync(path)].map((entry) => entry.name).sort();

async function fill(folder: string, content = "x"): Promise<void> {
  await Deno.mkdir(`${folder}/public/tables/t`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${folder}/public/tables/t/data.sql`, content, { mode: 0o600 });
  await Deno.writeTextFile(`${folder}/manifest.json`, "{}", { mode: 0o600 });
}

async function backUpCi(shelf: string, time: Date): Promise<{ final: string; latest: string }> {
  const claimed = await claimFolder(shelf, LAYOUTS.ci, { ...meta, time });
  await fill(claimed.partial, time.toISOString());
  await sealFolder(claimed.partial, claimed.final);
  const latest = `${shelf}/${LAYOUTS.ci.latest({ ...meta, time: claimed.time })}`;
  await publishLatest(claimed.final, latest);
  return { final: claimed.final, latest };
}

Deno.test("claimFolder() makes a private folder on a shelf that is not there yet", async () => {
  await using temp = await TempFolder.create();
  const { partial, final, time } = await claimFolder(`${temp.path}/a/shelf`, LAYOUTS.runbook, meta);
  assertEquals(final, `${temp.path}/a/shelf/20260304_050607_prod`);
  assertEquals(partial, `${final}.partial`);
  assertEquals(time, meta.time);
  assertEquals(mode(partial), 0o700);
  assertEquals(mode(`${temp.path}/a/shelf`), 0o700);
});

Deno.test("claimFolder() never gives one folder to two backups of the same second", async () => {
  await using temp = await TempFolder.create();
  const claims = await Promise.all(Array.from({ length: 5 }, () => claimFolder(temp.path, LAYOUTS.runbook, meta)));
  assertEquals(new Set(claims.map((claim) => claim.final)).size, 5);
  await Deno.rename(`${temp.path}/20260304_050607_prod.partial`, `${temp.path}/20260304_050607_prod`);
  const next = await claimFolder(temp.path, LAYOUTS.runbook, meta);
  assertEquals(next.final, `${temp.path}/20260304_050612_prod`);
  assertEquals(next.time.toISOString(), "2026-03-04T05:06:12.000Z");
});

Deno.test("sealFolder() renames a synced folder and leaves the modes alone", async () => {
  await using temp = await TempFolder.create();
  const { partial, final } = await claimFolder(temp.path, LAYOUTS.runbook, meta);
  await fill(partial);
  await sealFolder(partial, final, new Set(["manifest.json"]));
  assert(!(await exists(partial)));
  assertEquals(mode(final), 0o700);
  assertEquals(mode(`${final}/manifest.json`), 0o600);
  assertEquals(await Deno.readTextFile(`${final}/public/tables/t/data.sql`), "x");
});

Deno.test("sealFolder() never goes over an existing folder, full or empty", async () => {
  await using temp = await TempFolder.create();
  const final = `${temp.path}/final`;
  await fill(`${temp.path}/p`);
  await Deno.mkdir(final);
  const error = await assertRejects(() => sealFolder(`${temp.path}/p`, final), PgstrataError);
  assertEquals(error.code, "refused");
  assertEquals(names(final), []);
  assert(await exists(`${temp.path}/p/manifest.json`));
});

Deno.test("sealFolder() names the folder when the system refuses", async () => {
  const error = await assertRejects(() => sealFolder("/nowhere/at.partial", "/nowhere/at"), PgstrataError);
  assertEquals([error.code, error.context], ["failed", { folder: "/nowhere/at" }]);
});

Deno.test("publishLatest() links the sealed files, read-only, and shows only the newest", async () => {
  await using temp = await TempFolder.create();
  const first = await backUpCi(temp.path, new Date("2026-03-04T05:06:07Z"));
  const second = await backUpCi(temp.path, new Date("2026-03-05T05:06:07Z"));
  assertEquals(names(`${temp.path}/latest`), ["latest_2026-03-05T05-06-07Z"]);
  assertEquals(names(`${temp.path}/archive`).length, 2);
  const file = "public/tables/t/data.sql";
  assertEquals(Deno.statSync(`${second.final}/${file}`).ino, Deno.statSync(`${second.latest}/${file}`).ino);
  assertEquals(mode(`${second.final}/${file}`), 0o400);
  assertEquals(mode(`${second.latest}/public`), 0o700);
  assertEquals(await Deno.readTextFile(`${first.final}/${file}`), "2026-03-04T05:06:07.000Z");
});

Deno.test("publishLatest() finishes what was interrupted, and can be called again", async () => {
  await using temp = await TempFolder.create();
  const first = await backUpCi(temp.path, new Date("2026-03-04T05:06:07Z"));
  await fill(`${temp.path}/latest/latest_2026-03-05T05-06-07Z.partial`, "half");
  await fill(`${temp.path}/latest/latest_2026-03-03T05-06-07Z.deleting`, "half");
  const second = await backUpCi(temp.path, new Date("2026-03-05T05:06:07Z"));
  await publishLatest(second.final, second.latest);
  assertEquals(names(`${temp.path}/latest`), ["latest_2026-03-05T05-06-07Z"]);
  assert(await exists(first.final));
});

Deno.test("publishLatest() keeps an older latest that stands nowhere else", async () => {
  await using temp = await TempFolder.create();
  await fill(`${temp.path}/latest/latest_2026-01-01T00-00-00Z`);
  await backUpCi(temp.path, meta.time);
  assertEquals(names(`${temp.path}/latest`), ["latest_2026-01-01T00-00-00Z", "latest_2026-03-04T05-06-07Z"]);
});

Deno.test("linkTree() copies where links are impossible", async () => {
  await using temp = await TempFolder.create();
  await fill(`${temp.path}/source`, "content");
  const target = `${temp.path}/target`;
  const otherDisk = () => Promise.reject(new Error("Invalid cross-device link (os error 18)"));
  assertEquals((await linkTree(`${temp.path}/source`, target, otherDisk)).size, 0);
  assertEquals(await Deno.readTextFile(`${target}/public/tables/t/data.sql`), "content");
  assertEquals(mode(`${target}/public/tables/t/data.sql`), 0o600);
});
