import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { encryptBackup, generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { DECRYPT_OPTIONS } from "../../tasks/commands/decrypt.ts";
import { run } from "../../tasks/decrypt.ts";
import { usePathWithAge } from "../crypt/crypt_fixture.ts";
import { publicSummary, putRealBackup, readTree, treeDigest } from "../crypt/real_backup.ts";
import { runOnShelf } from "./shelf_run.ts";

const NAME = "20260304_050607_prod";

/** A chunk of age: 64 KiB and its tag. */
const CHUNK = 64 * 1024 + 16;

/** What can be wrong with a file of age: the header's lines, its MAC, the nonce, any chunk, the end. */
const DAMAGES: Readonly<Record<string, (file: Uint8Array, payload: number) => Uint8Array>> = {
  "the first line": (file) => flip(file, 3),
  "the recipient's line": (file) => flip(file, 40),
  "the wrapped key": (file, payload) => flip(file, payload - 80),
  "the header's MAC": (file, payload) => flip(file, payload - 10),
  "no base64 in the header's MAC": (file, payload) => file.map((byte, at) => at === payload - 10 ? 0x7b : byte),
  "the nonce": (file, payload) => flip(file, payload + 3),
  "the first chunk": (file, payload) => flip(file, payload + 16 + 5),
  "the middle": (file) => flip(file, file.length >> 1),
  "the last byte": (file) => flip(file, file.length - 1),
  "without its last byte": (file) => file.subarray(0, -1),
  "without its last chunk": (file, payload) => {
    const chunks = Math.ceil((file.length - payload - 16) / CHUNK);
    return file.subarray(0, payload + 16 + (chunks - 1) * CHUNK);
  },
  "half of its header": (file, payload) => file.subarray(0, payload >> 1),
  "nothing": () => new Uint8Array(),
  "more at its end": (file) => new Uint8Array([...file, 1, 2, 3]),
};

function flip(file: Uint8Array, at: number): Uint8Array {
  const copy = file.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Where the header of a file of age ends. */
function payloadStart(file: Uint8Array): number {
  const text = new TextDecoder("latin1").decode(file.subarray(0, 2000));
  return text.indexOf("\n", text.indexOf("\n--- ") + 1) + 1;
}

Deno.test("wherever an encrypted file is damaged, decrypt ends with 3 and a hint, and the backup is as it was", async () => {
  await usePathWithAge();
  await using shelf = await TempFolder.create();
  // Small ones go through the library, large ones through the program.
  const sizes = { "db_full.dump": 1_300_000, "public/tables/a/data.sql": 150_000 };
  const { folder } = await putRealBackup(join(shelf.path, NAME), sizes);
  const { identity, recipient } = await generateAgeKey();
  await encryptBackup(folder, { method: "age", recipients: [recipient] }, publicSummary);
  const env = { PGSTRATA_AGE_IDENTITY: identity };
  for (const name of ["db_full.dump.age", "public/tables/a/data.sql.age", "manifest.json.age", "SHA256SUMS.age"]) {
    const path = join(folder, name);
    const whole = await Deno.readFile(path);
    for (const [where, damage] of Object.entries(DAMAGES)) {
      const told = `${name}: ${where}`;
      await Deno.writeFile(path, damage(whole, payloadStart(whole)));
      const before = treeDigest(readTree(folder));
      const copy = join(shelf.path, "copy");
      for (const line of [NAME, `${NAME} --to ${copy}`]) {
        const error = await assertRejects(
          () => runOnShelf(run, DECRYPT_OPTIONS, line, shelf.path, { env }),
          PgstrataError,
          undefined,
          told,
        );
        // Damage in the recipient's part cannot be told from another recipient.
        const codes = /recipient|wrapped/.test(where) ? [2, 3] : [3];
        assert(codes.includes(error.exit), `${told}: ${error.exit} ${error.message}`);
        assertMatch(error.hint ?? "", /pull|recipient/, told);
        assertEquals(treeDigest(readTree(folder)), before, told);
        for (const name of [copy, `${copy}.partial`]) {
          assertEquals(await Deno.lstat(name).then(() => true, () => false), false, `${told}: no plain copy is left`);
        }
      }
    }
    await Deno.writeFile(path, whole);
  }
  assertEquals((await runOnShelf(run, DECRYPT_OPTIONS, NAME, shelf.path, { env })).code, 0);
});

Deno.test("a wrong key ends decrypt with 2 and a hint, and the backup is as it was", async () => {
  await using shelf = await TempFolder.create();
  const { folder } = await putRealBackup(join(shelf.path, NAME));
  const { recipient } = await generateAgeKey();
  await encryptBackup(folder, { method: "age", recipients: [recipient] }, publicSummary);
  const before = treeDigest(readTree(folder));
  const env = { PGSTRATA_AGE_IDENTITY: (await generateAgeKey()).identity };
  for (const line of [NAME, `${NAME} --to ${join(shelf.path, "copy")}`]) {
    const error = await assertRejects(() => runOnShelf(run, DECRYPT_OPTIONS, line, shelf.path, { env }), PgstrataError);
    assertEquals(error.exit, 2);
    assertMatch(error.hint ?? "", /PGSTRATA_AGE_IDENTITY_FILE.*Nothing was changed/s);
    assert(!`${error.message}${error.hint}`.includes("AGE-SECRET-KEY"));
    assertEquals(treeDigest(readTree(folder)), before);
  }
});
