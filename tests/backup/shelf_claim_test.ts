import { assert, assertEquals, assertRejects } from "@std/assert";
import { dirname } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { lockEnvironment } from "../../lib/backup/shelf_claim.ts";
import { environmentLock } from "../../lib/catalog/mod.ts";
import { FileLock, makeFolder, TempFolder } from "../../lib/system/mod.ts";

const NOW = new Date("2026-06-15T12:00:00Z");

Deno.test("lockEnvironment() gets the lock although somebody lists the shelf at that moment", async () => {
  await using shelf = await TempFolder.create();
  const path = environmentLock(shelf.path, "prod");
  await makeFolder(dirname(path));
  const looking = await Deno.open(path, { read: true, write: true, create: true });
  assert(await looking.tryLock(false));
  const taking = lockEnvironment(shelf.path, "prod", NOW);
  const timer = setTimeout(() => looking.close(), 600);
  using lock = await taking;
  assert(lock instanceof FileLock);
  clearTimeout(timer);
});

Deno.test("lockEnvironment() refuses while another backup of the environment runs, and names it", async () => {
  await using shelf = await TempFolder.create();
  using _running = await FileLock.take(environmentLock(shelf.path, "eu_west"), NOW) as FileLock;
  const error = await assertRejects(() => lockEnvironment(shelf.path, "eu_west", NOW), PgstrataError);
  assertEquals([error.code, error.context], ["refused", {
    running: `process ${Deno.pid}, since ${NOW.toISOString()}`,
  }]);
  using other = await lockEnvironment(shelf.path, "prod", NOW);
  assert(other instanceof FileLock);
});
