import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { holdBackup, publishLatest } from "../../lib/catalog/mod.ts";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { DECRYPT_OPTIONS } from "../../tasks/commands/decrypt.ts";
import { ENCRYPT_OPTIONS } from "../../tasks/commands/encrypt.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { run as runDecrypt } from "../../tasks/decrypt.ts";
import { run as runEncrypt } from "../../tasks/encrypt.ts";
import { run as runList } from "../../tasks/list.ts";
import { putRealBackup, readTree, treeDigest } from "../crypt/real_backup.ts";
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
  assertStringIncludes(first.err.text(), `${NAME} is encrypted with age for 1 recipients`);
  assertStringIncludes(first.err.text(), "Without its key nobody can read an encrypted backup");
  const listed = JSON.parse((await list("", shelf.path, { json: true })).out.text());
  const [entry] = listed.backups ?? listed.folders;
  assertEquals([entry.encrypted, entry.environment, entry.backup.tables], ["age", "prod", 2]);

  const again = await encrypt("latest", shelf.path, { env: { PGSTRATA_AGE_RECIPIENTS: recipient } });
  assertEquals(again.err.text(), `${NAME} was encrypted already\n`);

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
