import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { type KeyRequest, readDecryptionKeys, readEncryptionKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";

const AGE = "age1qqqq";
const CONFIG = { age: ["age1config"], gpg: [] };

/** A key as a text: method and recipients, or the passphrase. */
async function described(env: Record<string, string>, request: KeyRequest): Promise<string> {
  const key = await readEncryptionKey(env, request);
  return "recipients" in key
    ? `${key.method}: ${key.recipients.join("|")}`
    : `${key.method} passphrase ${key.passphrase.reveal()}`;
}

Deno.test("the command line wins over the environment, and that over the configuration", async () => {
  const cases: readonly [Record<string, string>, KeyRequest, string][] = [
    [{ PGSTRATA_AGE_RECIPIENTS: `${AGE}, age1b` }, {}, `age: ${AGE}|age1b`],
    [{ PGSTRATA_AGE_RECIPIENTS: "ssh-ed25519 AAAA me@host,age1b" }, {}, "age: ssh-ed25519 AAAA me@host|age1b"],
    [{ PGSTRATA_AGE_RECIPIENTS: AGE }, { recipients: ["age1c"] }, "age: age1c"],
    [{ PGSTRATA_AGE_RECIPIENTS: AGE }, { recipients: ["0xABCD"] }, "gpg: 0xABCD"],
    [{ PGSTRATA_AGE_RECIPIENTS: AGE }, { configured: CONFIG }, `age: ${AGE}`],
    [{}, { configured: CONFIG }, "age: age1config"],
    [{ PGSTRATA_PASSPHRASE: "p" }, { configured: CONFIG }, "age: age1config"],
    [{ PGSTRATA_PASSPHRASE: "p q" }, {}, "age passphrase p q"],
    [{ PGSTRATA_PASSPHRASE: "p" }, { method: "gpg" }, "gpg passphrase p"],
    [{ PGSTRATA_AGE_RECIPIENTS: AGE, PGSTRATA_GPG_RECIPIENTS: "me@host" }, { method: "gpg" }, "gpg: me@host"],
  ];
  for (const [env, request, expected] of cases) assertEquals(await described(env, request), expected);
});

Deno.test("a passphrase is the first line of its file", async () => {
  await using folder = await TempFolder.create();
  const file = join(folder.path, "pass");
  await Deno.writeTextFile(file, "first line \r\nsecond\n");
  assertEquals(await described({ PGSTRATA_PASSPHRASE_FILE: file }, {}), "age passphrase first line ");
  assertEquals(await described({}, { passphraseFile: file, method: "gpg" }), "gpg passphrase first line ");
  await Deno.writeTextFile(file, "AGE-SECRET-KEY-1X\n");
  const keys = await readDecryptionKeys({ PGSTRATA_AGE_IDENTITY_FILE: file, PGSTRATA_PASSPHRASE: "p" });
  assertEquals([keys.ageIdentities?.reveal(), keys.passphrase?.reveal()], ["AGE-SECRET-KEY-1X\n", "p"]);
  assertEquals(await readDecryptionKeys({ PGSTRATA_PASSPHRASE: "" }), {});
});

Deno.test("keys that contradict each other, or are not there, are errors with a hint", async () => {
  await using folder = await TempFolder.create();
  const empty = join(folder.path, "empty");
  await Deno.writeTextFile(empty, "\n");
  const cases: readonly [Record<string, string>, KeyRequest][] = [
    [{}, {}],
    [{}, { method: "gpg", configured: CONFIG }],
    [{ PGSTRATA_AGE_RECIPIENTS: AGE, PGSTRATA_GPG_RECIPIENTS: "x" }, {}],
    [{}, { recipients: [AGE], passphraseFile: empty }],
    [{}, { passphraseFile: empty }],
    [{ PGSTRATA_PASSPHRASE_FILE: "/nowhere/at/all" }, {}],
  ];
  for (const [env, request] of cases) {
    const error = await assertRejects(() => readEncryptionKey(env, request), PgstrataError);
    assertEquals(error.code, "usage");
    assert(error.hint);
  }
});
