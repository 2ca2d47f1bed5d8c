import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { checksumsText, manifestText, readShelf } from "../../lib/catalog/mod.ts";
import {
  decryptBackup,
  decryptBackupTo,
  encryptBackup,
  generateAgeKey,
  openEncrypted,
  parsePublicPart,
  readPublicPart,
  UnsealedEncryption,
} from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { CryptFixture } from "./crypt_fixture.ts";
import { publicSummary, putRealBackup, readTree, type RealBackup, sha256, treeDigest } from "./real_backup.ts";

const NAME = "20260304_050607_prod";

async function put(shelf: TempFolder): Promise<RealBackup> {
  return await putRealBackup(join(shelf.path, NAME), {
    "db_full.dump": 1_200_000,
    "public/public_schema_20260304_050607.dump": 70_000,
    "public/tables/orders/data.sql": 5_000,
    "public/tables/%4Frders/data.sql": 0,
    "roles.sql": 200,
  });
}

Deno.test("a backup encrypted and decrypted is the same byte for byte, with every kind of key", async () => {
  await using fixture = await CryptFixture.create();
  for (const { name, key, keys } of fixture.pairs) {
    await using shelf = await TempFolder.create();
    const { folder, files, id } = await put(shelf);
    const deps = { gpgHome: fixture.gpgHome };
    assert((await encryptBackup(folder, key, publicSummary, deps))?.bytes);
    const encrypted = readTree(folder);
    const names = [...files.keys()].map((path) => `${path}.${key.method}`);
    const own = ["SHA256SUMS", "manifest.public.json", ..."passphrase" in key ? [`manifest.key.${key.method}`] : []];
    assertEquals([...encrypted.keys()].sort(), [...names, ...own].sort(), name);
    for (const entry of encrypted.values()) assert(!new TextDecoder().decode(entry).includes("COPY public"), name);
    await processText({ program: "sha256sum", args: ["--check", "--strict", "SHA256SUMS"], cwd: folder });
    const part = await readPublicPart(folder);
    assertEquals([part?.method, part?.opensBy], [key.method, "passphrase" in key ? "passphrase" : "recipients"]);
    assertEquals((part?.summary as { id: string }).id, id);
    const [entry] = (await readShelf(shelf.path)).entries;
    assertEquals([entry?.kind, entry?.environment], ["encrypted", "prod"]);

    assert((await decryptBackup(folder, keys, deps))?.bytes);
    assertEquals(treeDigest(readTree(folder)), treeDigest(files), name);
    assertEquals(await decryptBackup(folder, keys, deps), null);
    assertModes(shelf.path);
  }
});

Deno.test("a backup is encrypted before it is sealed, and then looks like one encrypted later", async () => {
  await using fixture = await CryptFixture.create();
  await using shelf = await TempFolder.create();
  const { folder, files, manifest } = await put(shelf);
  const [pair] = fixture.pairs;
  assert(pair !== undefined);
  const sums = [...files].filter(([path]) => path !== "SHA256SUMS");
  await Deno.remove(join(folder, "manifest.json"));
  await Deno.remove(join(folder, "SHA256SUMS"));
  {
    await using encryption = await UnsealedEncryption.open(folder, pair.key);
    for (const { path } of manifest.files) encryption.add(path);
    // None waits for the end: what is whole does not stay in plain.
    while (manifest.files.some(({ path }) => existsSync(join(folder, path)))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await encryption.finish({
      manifest: manifestText(manifest),
      checksums: checksumsText(sums.map(([path, bytes]) => ({ path, sha256: sha256(bytes) }))),
      summary: publicSummary(manifestText(manifest)),
    });
  }
  await processText({ program: "sha256sum", args: ["--check", "--strict", "SHA256SUMS"], cwd: folder });
  assertModes(shelf.path);
  await decryptBackup(folder, pair.keys);
  assertEquals(treeDigest(readTree(folder)), treeDigest(files));
});

Deno.test("a file that cannot be encrypted is told at once and at the end, and nothing more is begun", async () => {
  await using shelf = await TempFolder.create();
  const { folder, manifest } = await put(shelf);
  const { recipient } = await generateAgeKey();
  {
    await using encryption = await UnsealedEncryption.open(folder, { method: "age", recipients: [recipient] });
    const told = Promise.withResolvers<void>();
    encryption.failure.addEventListener("abort", () => told.resolve());
    encryption.add("no/such/file");
    await told.promise;
    for (const { path } of manifest.files) encryption.add(path);
    const text = manifestText(manifest);
    await assertRejects(
      () => encryption.finish({ manifest: text, checksums: "", summary: publicSummary(text) }),
      Deno.errors.NotFound,
    );
  }
  for (const { path } of manifest.files) assert(existsSync(join(folder, path)), path);
});

Deno.test("a large file that is being encrypted is not waited for when there will be no backup", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "large");
  await Deno.writeFile(path, new Uint8Array(64 * 1024 * 1024));
  const { recipient } = await generateAgeKey();
  {
    await using encryption = await UnsealedEncryption.open(
      folder.path,
      { method: "age", recipients: [recipient] },
      { age: "library" },
    );
    encryption.add("large");
    // It has begun: its hidden file is there.
    while ([...Deno.readDirSync(folder.path)].length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["large"]);
});

Deno.test("a backup is decrypted into another folder, and the encrypted one stays", async () => {
  await using fixture = await CryptFixture.create();
  await using shelf = await TempFolder.create();
  const { folder, files } = await put(shelf);
  const [pair] = fixture.pairs;
  assert(pair !== undefined);
  await encryptBackup(folder, pair.key, publicSummary);
  const encrypted = treeDigest(readTree(folder));
  const target = join(shelf.path, "plain");
  await decryptBackupTo(folder, target, pair.keys);
  assertEquals(treeDigest(readTree(target)), treeDigest(files));
  assertEquals(treeDigest(readTree(folder)), encrypted);
  const again = await assertRejects(() => decryptBackupTo(folder, target, pair.keys), PgstrataError);
  assertEquals(again.code, "refused");
});

Deno.test("openEncrypted() gives a plain copy that goes with its scope, and removes those of killed processes", async () => {
  await using fixture = await CryptFixture.create();
  await using shelf = await TempFolder.create();
  await using parent = await TempFolder.create();
  const { folder, files } = await put(shelf);
  const [pair] = fixture.pairs;
  assert(pair !== undefined);
  await encryptBackup(folder, pair.key, publicSummary);
  await Deno.mkdir(join(parent.path, "pgstrata-plain-abandoned/backup"), { recursive: true });
  await Deno.writeTextFile(join(parent.path, "pgstrata-plain-abandoned/lock"), "{}");
  const now = new Date();
  {
    await using opened = await openEncrypted(folder, pair.keys, { now, parent: parent.path });
    assertEquals(treeDigest(readTree(opened.folder)), treeDigest(files));
    await using second = await openEncrypted(folder, pair.keys, {
      now,
      parent: parent.path,
      only: (path) => path === "roles.sql",
    });
    assertEquals([...readTree(second.folder).keys()].sort(), ["SHA256SUMS", "manifest.json", "roles.sql"]);
    // The first copy is in use: the second look must not have removed it.
    assertEquals(readTree(opened.folder).size, files.size);
    assertModes(parent.path);
  }
  assertEquals([...Deno.readDirSync(parent.path)], []);
});

Deno.test("what cannot be encrypted or decrypted stays what it was", async () => {
  await using fixture = await CryptFixture.create();
  const [age, , gpg] = fixture.pairs;
  assert(age !== undefined && gpg !== undefined);
  const deps = { gpgHome: fixture.gpgHome };
  const other = { ageIdentities: new Secret((await generateAgeKey()).identity) };
  const cases: Readonly<
    Record<string, {
      readonly spoil: (folder: string) => Promise<void>;
      readonly attempt: (folder: string) => Promise<unknown>;
      readonly code: string;
    }>
  > = {
    "a damaged plain file": {
      spoil: (folder) => Deno.writeTextFile(join(folder, "roles.sql"), "x"),
      attempt: (folder) => encryptBackup(folder, age.key, publicSummary),
      code: "not_good",
    },
    "a missing plain file": {
      spoil: (folder) => Deno.remove(join(folder, "roles.sql")),
      attempt: (folder) => encryptBackup(folder, age.key, publicSummary),
      code: "not_good",
    },
    "a recipient that is none": {
      spoil: async () => {},
      attempt: (folder) => encryptBackup(folder, { method: "age", recipients: ["age1x"] }, publicSummary),
      code: "usage",
    },
    "no manifest": {
      spoil: (folder) => Deno.remove(join(folder, "manifest.json")),
      attempt: (folder) => encryptBackup(folder, age.key, publicSummary),
      code: "refused",
    },
    "another method": {
      spoil: async (folder) => void await encryptBackup(folder, age.key, publicSummary),
      attempt: (folder) => encryptBackup(folder, gpg.key, publicSummary, deps),
      code: "refused",
    },
    "a wrong key": {
      spoil: async (folder) => void await encryptBackup(folder, age.key, publicSummary),
      attempt: (folder) => decryptBackup(folder, other),
      code: "usage",
    },
    "a damaged encrypted file": {
      spoil: async (folder) => {
        await encryptBackup(folder, age.key, publicSummary);
        const path = join(folder, "db_full.dump.age");
        await Deno.writeFile(path, (await Deno.readFile(path)).subarray(0, 700_000));
      },
      attempt: (folder) => decryptBackup(folder, age.keys),
      code: "not_good",
    },
    "a file of another backup": {
      spoil: async (folder) => {
        await encryptBackup(folder, age.key, publicSummary);
        await Deno.copyFile(join(folder, "SHA256SUMS.age"), join(folder, "roles.sql.age"));
      },
      attempt: (folder) => decryptBackup(folder, age.keys),
      code: "not_good",
    },
  };
  for (const [name, { spoil, attempt, code }] of Object.entries(cases)) {
    await using shelf = await TempFolder.create();
    const { folder } = await put(shelf);
    await spoil(folder);
    const before = treeDigest(readTree(folder));
    const error = await assertRejects(() => attempt(folder), PgstrataError, "Cannot", name);
    assertEquals(error.code, code, `${name}: ${error.message}`);
    assert(error.hint, name);
    assertEquals(treeDigest(readTree(folder)), before, name);
  }
});

Deno.test("an interrupted encryption leaves the plain backup", async () => {
  await using fixture = await CryptFixture.create();
  await using shelf = await TempFolder.create();
  const { folder, files } = await put(shelf);
  const [pair] = fixture.pairs;
  assert(pair !== undefined);
  const controller = new AbortController();
  const deps = { signal: controller.signal, onEvent: () => controller.abort(new Error("stop")) };
  await assertRejects(() => encryptBackup(folder, pair.key, publicSummary, deps), Error, "stop");
  assertEquals(treeDigest(readTree(folder)), treeDigest(files));
});

Deno.test("the public part is read strictly", () => {
  for (const text of ["", "{}", "[]", "null", '{"version":1,"method":"rot13","opensBy":"recipients"}']) {
    assertEquals(codeOf(() => parsePublicPart(text)), "not_good", text);
  }
  assertEquals(codeOf(() => parsePublicPart('{"version":2}')), "usage");
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert(error instanceof PgstrataError);
    assertMatch(error.message, /^Cannot /);
    return error.code;
  }
  return "done";
}

/** Folders 0700, files 0600, everywhere. */
function assertModes(folder: string): void {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    assertEquals((Deno.lstatSync(path).mode ?? 0) & 0o777, entry.isDirectory ? 0o700 : 0o600, path);
    if (entry.isDirectory) assertModes(path);
  }
}
