import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { holdBackup, linkTree, publishLatest } from "../../lib/catalog/mod.ts";
import { encryptBackup, generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { DECRYPT_OPTIONS } from "../../tasks/commands/decrypt.ts";
import { ENCRYPT_OPTIONS } from "../../tasks/commands/encrypt.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { run as runDecrypt } from "../../tasks/decrypt.ts";
import { run as runEncrypt } from "../../tasks/encrypt.ts";
import { run as runList } from "../../tasks/list.ts";
import { publicSummary, putRealBackup, readTree, treeDigest } from "../crypt/real_backup.ts";
import { runOnShelf } from "./shelf_run.ts";

const NAME = "20260304_050607_prod";
const encrypt = (line: string, shelf: string, given = {}) =>
  runOnShelf(runEncrypt, ENCRYPT_OPTIONS, line, shelf, given);
const decrypt = (line: string, shelf: string, given = {}) =>
  runOnShelf(runDecrypt, DECRYPT_OPTIONS, line, shelf, given);
const list = (line: string, shelf: string, given = {}) => runOnShelf(runList, LIST_OPTIONS, line, shelf, given);

Deno.test("encrypt and decrypt change a backup in place; lists need no key; a lost key is warned about once", async () => {
  await using shelf = await TempFolder.create();
  const { folder, files } = await putRealBackup(join(shelf.path, NAME));
  const { identity, recipient } = await generateAgeKey();
  const first = await encrypt("latest", shelf.path, { env: { PGSTRATA_AGE_RECIPIENTS: recipient } });
  assertEquals(first.code, 0);
  assertStringIncludes(first.err.text(), `${NAME} is encrypted with age for 1 recipient`);
  assertStringIncludes(first.err.text(), "Without its key nobody can read an encrypted backup");
  const listed = JSON.parse((await list("", shelf.path, { json: true })).out.text());
  const [entry] = listed.backups ?? listed.folders;
  assertEquals([entry.encrypted, entry.environment, entry.backup.tables], ["age", "prod", 2]);

  const again = await encrypt("latest", shelf.path, { env: { PGSTRATA_AGE_RECIPIENTS: recipient } });
  assertEquals(again.err.text(), `${NAME} was encrypted already, and is as it was\n`);

  const env = { PGSTRATA_AGE_IDENTITY: identity };
  const copy = join(shelf.path, "plain");
  const copied = await decrypt(`latest --to ${copy}`, shelf.path, { env });
  assertEquals([copied.code, copied.out.text()], [0, `${copy}\n`]);
  assertEquals(treeDigest(readTree(copy)), treeDigest(files));
  await Deno.remove(copy, { recursive: true });

  const { out } = await decrypt("latest", shelf.path, { env, json: true });
  assertEquals(JSON.parse(out.text()).changed, true);
  assertEquals(treeDigest(readTree(folder)), treeDigest(files));
  assertStringIncludes((await decrypt(NAME, shelf.path, { env })).err.text(), "was plain already");
});

Deno.test("the latest of the ci layout is encrypted with its archive: no plain twin stays", async () => {
  await using shelf = await TempFolder.create();
  const name = "2026-03-04T05-06-07Z";
  const archive = join(shelf.path, `archive/${name}--shop--push--abcdef1`);
  const { files } = await putRealBackup(archive);
  const latest = join(shelf.path, `latest/latest_${name}`);
  await publishLatest(archive, latest);
  const { identity, recipient } = await generateAgeKey();
  await encrypt("latest", shelf.path, { env: { PGSTRATA_AGE_RECIPIENTS: recipient } });
  assertEquals(treeDigest(readTree(latest)), treeDigest(readTree(archive)));
  assert([...readTree(latest).keys()].includes("manifest.json.age"));
  assertEquals([...Deno.readDirSync(join(shelf.path, "latest"))].length, 1);
  await decrypt(archive, shelf.path, { env: { PGSTRATA_AGE_IDENTITY: identity } });
  assertEquals(treeDigest(readTree(latest)), treeDigest(files));
});

Deno.test("an interrupted change of the latest is finished by the next call, wherever it was cut", async () => {
  const name = "2026-03-04T05-06-07Z";
  const { identity, recipient } = await generateAgeKey();
  const env = { PGSTRATA_AGE_RECIPIENTS: recipient, PGSTRATA_AGE_IDENTITY: identity };
  const leftovers: Readonly<Record<string, (latest: string, archive: string) => Promise<unknown>>> = {
    "before the twin was touched": () => Promise.resolve(),
    "with half a new twin": (latest) => Deno.mkdir(`${latest}.partial/public`, { recursive: true }),
    "between the old twin and the new one": async (latest, archive) => {
      await linkTree(archive, `${latest}.partial`);
      await Deno.rename(latest, `${latest}.deleting`);
    },
    "before the old twin went": async (latest, archive) => {
      await Deno.rename(latest, `${latest}.deleting`);
      await linkTree(archive, latest);
    },
  };
  for (const [cut, leave] of Object.entries(leftovers)) {
    await using shelf = await TempFolder.create();
    const archive = join(shelf.path, `archive/${name}--shop--push--abcdef1`);
    const latest = join(shelf.path, `latest/latest_${name}`);
    await putRealBackup(archive);
    await publishLatest(archive, latest);
    await encryptBackup(archive, { method: "age", recipients: [recipient] }, publicSummary);
    await leave(latest, archive);
    const { code } = await encrypt("latest", shelf.path, { env });
    assertEquals(code, 0, cut);
    assertEquals([...Deno.readDirSync(join(shelf.path, "latest"))].map((entry) => entry.name), [`latest_${name}`], cut);
    assertEquals(treeDigest(readTree(latest)), treeDigest(readTree(archive)), cut);
    const { backups } = JSON.parse((await list("", shelf.path, { json: true })).out.text());
    assertEquals(backups.length, 1, `${cut}: one backup, not two`);
    assertEquals([backups[0].encrypted, backups[0].publishedAt], ["age", `latest/latest_${name}`], cut);
    assert(backups[0].size.real < backups[0].size.apparent, "both folders have the same files");
    // By the name of the twin, too: the backup is one.
    assertEquals((await decrypt(latest, shelf.path, { env })).code, 0, cut);
    assertEquals(treeDigest(readTree(latest)), treeDigest(readTree(archive)), cut);
    assert([...readTree(archive).keys()].includes("manifest.json"), cut);
  }
});

Deno.test("an older backup of the ci layout is encrypted without being shown as the latest", async () => {
  await using shelf = await TempFolder.create();
  const { recipient } = await generateAgeKey();
  const paths = ["2026-03-04T05-06-07Z", "2026-03-05T05-06-07Z"].map((name) => `archive/${name}--shop--push--abcdef1`);
  for (const [index, path] of paths.entries()) {
    await putRealBackup(join(shelf.path, path), undefined, { time: new Date(Date.UTC(2026, 2, 4 + index, 5, 6, 7)) });
  }
  await publishLatest(join(shelf.path, paths[1] ?? ""), join(shelf.path, "latest/latest_2026-03-05T05-06-07Z"));
  // What a run that was killed while it replaced the latest leaves.
  await Deno.mkdir(join(shelf.path, "latest/latest_2026-03-04T05-06-07Z.deleting"));
  await encrypt(paths[0] ?? "", shelf.path, { env: { PGSTRATA_AGE_RECIPIENTS: recipient } });
  const { backups } = JSON.parse((await list("", shelf.path, { json: true })).out.text());
  const sealed = backups.filter(({ backup }: { backup: unknown }) => backup !== null);
  assertEquals(sealed.map(({ encrypted, publishedAt }: Record<string, unknown>) => [encrypted, publishedAt]), [
    [null, "latest/latest_2026-03-05T05-06-07Z"],
    ["age", null],
  ]);
});

Deno.test("a backup that is being read is not changed; without a key nothing happens", async () => {
  await using shelf = await TempFolder.create();
  const { folder, files, id } = await putRealBackup(join(shelf.path, NAME));
  const { recipient } = await generateAgeKey();
  const env = { PGSTRATA_AGE_RECIPIENTS: recipient };
  {
    using _held = await holdBackup(shelf.path, id) ?? undefined;
    const error = await assertRejects(() => encrypt("latest", shelf.path, { env }), PgstrataError, "being read");
    assertEquals(error.code, "refused");
  }
  const error = await assertRejects(() => encrypt("latest", shelf.path), PgstrataError, "there is no key");
  assertEquals(error.code, "usage");
  assertEquals(treeDigest(readTree(folder)), treeDigest(files));
});

Deno.test("recipients of pgstrata.json and a passphrase file work; the passphrase is never said", async () => {
  await using shelf = await TempFolder.create();
  await putRealBackup(join(shelf.path, NAME));
  const file = join(shelf.path, "passphrase");
  await Deno.writeTextFile(file, "swordfish and chips\n");
  const encrypted = await encrypt(`latest --passphrase-file ${file}`, shelf.path);
  assertStringIncludes(encrypted.err.text(), "for a passphrase");
  const wrong = { env: { PGSTRATA_PASSPHRASE: "swordfish" } };
  const error = await assertRejects(() => decrypt("latest", shelf.path, wrong), PgstrataError, "no key at hand");
  assertEquals(error.code, "usage");
  const opened = await decrypt("latest", shelf.path, { env: { PGSTRATA_PASSPHRASE_FILE: file } });
  assert(!(encrypted.err.text() + opened.err.text()).includes("swordfish"));
  const { recipient } = await generateAgeKey();
  await Deno.writeTextFile(join(shelf.path, "pgstrata.json"), JSON.stringify({ recipients: { age: [recipient] } }));
  assertEquals((await encrypt("latest", shelf.path)).code, 0);
});
