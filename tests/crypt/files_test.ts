import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { type EncryptionKey, generateAgeKey, openDecryptor, openEncryptor } from "../../lib/crypt/mod.ts";
import { processText, runProcess, TempFolder } from "../../lib/system/mod.ts";
import { CryptFixture, gpgFolder, type KeyPair, usePathWithAge } from "./crypt_fixture.ts";
import { noise, sha256 } from "./real_backup.ts";

/** The borders of age's chunks (64 KiB) and of what the program takes over (1 MiB). */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_048_575, 1_048_576, 3_000_000];

async function encrypt(key: EncryptionKey, source: string, target: string, gpgHome: string, folder?: string) {
  await using encryptor = await openEncryptor(key, { gpgHome });
  if (encryptor.writeLockedKey !== null && folder !== undefined) {
    await encryptor.writeLockedKey(join(folder, `manifest.key.${key.method}`), false);
  }
  return await encryptor.encryptFile(source, target, false);
}

async function decrypt(
  { key, keys }: Pick<KeyPair, "key" | "keys">,
  source: string,
  target: string,
  gpgHome: string,
  folder: string | null,
  age: "auto" | "library" = "auto",
): Promise<void> {
  await using decryptor = await openDecryptor(folder, key.method, keys, { gpgHome, age });
  await decryptor.decryptFile(source, target, { sync: false });
}

Deno.test("what is encrypted is decrypted, at every border, with every kind of key", async () => {
  await using fixture = await CryptFixture.create();
  for (const pair of fixture.pairs) {
    await using folder = await TempFolder.create();
    const { path } = folder;
    const sizes = pair.name === "age recipients"
      ? SIZES
      : pair.name === "age passphrase"
      ? [1_048_577]
      : [0, 1_048_577];
    for (const size of sizes) {
      await Deno.writeFile(join(path, "plain"), noise(size));
      await encrypt(pair.key, join(path, "plain"), join(path, "cipher"), fixture.gpgHome, path);
      const cipher = await Deno.readFile(join(path, "cipher"));
      if (size > 1000) assert(!contains(cipher, noise(64)), "the content can be read");
      assertEquals(((await Deno.stat(join(path, "cipher"))).mode ?? 0) & 0o777, 0o600);
      for (const age of pair.key.method === "age" ? ["auto", "library"] as const : ["auto"] as const) {
        await decrypt(pair, join(path, "cipher"), join(path, "back"), fixture.gpgHome, path, age);
        assertEquals(sha256(await Deno.readFile(join(path, "back"))), sha256(noise(size)), `${pair.name}, ${size}`);
      }
    }
  }
});

Deno.test("Debian's age and gpg open our files", async () => {
  await using fixture = await CryptFixture.create();
  for (const pair of fixture.pairs) {
    await using folder = await TempFolder.create();
    const { path } = folder;
    for (const size of pair.name === "age recipients" ? [10, 2_000_000] : [2_000_000]) {
      await Deno.writeFile(join(path, "plain"), noise(size));
      await encrypt(pair.key, join(path, "plain"), join(path, "cipher"), fixture.gpgHome, path);
      const opened = await openByProgram(pair, fixture, path);
      assertEquals(sha256(opened), sha256(noise(size)), `${pair.name}, ${size}`);
    }
  }
});

/** What docs/encryption.md tells people to do without pgstrata. */
async function openByProgram({ key }: KeyPair, fixture: CryptFixture, path: string): Promise<Uint8Array> {
  const cipher = join(path, "cipher");
  const locked = join(path, `manifest.key.${key.method}`);
  const gpg = ["--homedir", fixture.gpgHome, "--batch", "--quiet", "--pinentry-mode", "loopback"];
  if (key.method === "age") {
    let identity = fixture.identityFile;
    if ("passphrase" in key) {
      // The program would ask the terminal for the passphrase of the identity; the library stands in for that.
      identity = join(path, "opened");
      await using decryptor = await openDecryptor(null, "age", { passphrase: key.passphrase });
      await decryptor.decryptFile(locked, identity, { sync: false });
    }
    return await output("age", ["--decrypt", "--identity", identity, cipher]);
  }
  if ("recipients" in key) return await output("gpg", [...gpg, "--decrypt", cipher]);
  const opened = join(path, "opened");
  await processText({
    program: "gpg",
    args: [...gpg, "--yes", "--passphrase-file", fixture.passphraseFile, "--output", opened, "--decrypt", locked],
  });
  return await output("gpg", [...gpg, "--passphrase-file", opened, "--decrypt", cipher]);
}

Deno.test("files of Debian's age and gpg are opened", async () => {
  await using fixture = await CryptFixture.create();
  await using folder = await TempFolder.create();
  const { path } = folder;
  const plain = join(path, "plain");
  await Deno.writeFile(plain, noise(200_000));
  const cipher = join(path, "cipher");
  const gpg = ["--homedir", fixture.gpgHome, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"];
  const passphrase = ["--passphrase-file", fixture.passphraseFile];
  const makers: Readonly<Record<string, () => Promise<string>>> = {
    "age recipients": () =>
      processText({ program: "age", args: ["--encrypt", "-r", fixture.ageRecipient, "-o", cipher, plain] }),
    "gpg recipients": () =>
      processText({ program: "gpg", args: [...gpg, "-r", "backup@test.invalid", "-o", cipher, "-e", plain] }),
    "gpg passphrase": () =>
      processText({
        program: "gpg",
        args: [...gpg, ...passphrase, "--cipher-algo", "AES256", "-o", cipher, "-c", plain],
      }),
  };
  for (const pair of fixture.pairs) {
    const make = makers[pair.name];
    if (make === undefined) continue;
    await make();
    await decrypt(pair, cipher, join(path, "back"), fixture.gpgHome, null);
    assertEquals(sha256(await Deno.readFile(join(path, "back"))), sha256(noise(200_000)), pair.name);
    await Deno.remove(cipher);
  }
});

Deno.test("a file locked with a passphrase by the age program is opened", async () => {
  await usePathWithAge();
  await using folder = await TempFolder.create();
  await Deno.writeFile(join(folder.path, "plain"), noise(2_000_000));
  // The program takes a passphrase from a terminal only: util-linux gives it one.
  await processText({
    program: "script",
    args: ["--quiet", "--return", "--command", "age --passphrase --output cipher plain", "/dev/null"],
    stdin: "x y\nx y\n",
    cwd: folder.path,
  });
  const head = new TextDecoder("latin1").decode((await Deno.readFile(join(folder.path, "cipher"))).subarray(0, 40));
  assertMatch(head, /^age-encryption\.org\/v1\n-> scrypt /);
  await using decryptor = await openDecryptor(null, "age", { passphrase: new Secret("x y") });
  await decryptor.decryptFile(join(folder.path, "cipher"), join(folder.path, "back"), { sync: false });
  assertEquals(sha256(await Deno.readFile(join(folder.path, "back"))), sha256(noise(2_000_000)));
});

Deno.test("a wrong key ends with 2, a damaged or cut file with 3, and nothing is left", async () => {
  await using fixture = await CryptFixture.create();
  await using otherGpg = await gpgFolder();
  const other = { ageIdentities: new Secret((await generateAgeKey()).identity), passphrase: new Secret("wrong") };
  for (const pair of fixture.pairs) {
    for (const size of pair.name === "age recipients" ? [5_000, 1_500_000] : [1_500_000]) {
      for (const age of pair.key.method === "age" ? ["auto", "library"] as const : ["auto"] as const) {
        await using folder = await TempFolder.create();
        const { path } = folder;
        await Deno.writeFile(join(path, "plain"), noise(size));
        await encrypt(pair.key, join(path, "plain"), join(path, "cipher"), fixture.gpgHome, path);
        const whole = await Deno.readFile(join(path, "cipher"));
        await Deno.writeTextFile(join(path, "back"), "older");
        const before = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
        const attempt = async (bytes: Uint8Array, keys = pair.keys, gpgHome = fixture.gpgHome) => {
          await Deno.writeFile(join(path, "cipher"), bytes);
          const error = await assertRejects(
            () => decrypt({ key: pair.key, keys }, join(path, "cipher"), join(path, "back"), gpgHome, path, age),
            PgstrataError,
          );
          assertEquals([...Deno.readDirSync(path)].map(({ name }) => name).sort(), before);
          assertEquals(await Deno.readTextFile(join(path, "back")), "older");
          assert(error.hint !== undefined && error.hint.length > 20);
          return error;
        };
        const name = `${pair.name}, ${size}, ${age}`;
        assertEquals((await attempt(whole, other, otherGpg.path)).code, "usage", `wrong key: ${name}`);
        const damaged = whole.slice();
        damaged[whole.length - 200] = (damaged[whole.length - 200] ?? 0) ^ 1;
        assertEquals((await attempt(damaged)).code, "not_good", `damaged: ${name}`);
        const cuts = "passphrase" in pair.key ? [0.5] : [1, 0.5, 0];
        for (const length of cuts.map((share) => Math.max(0, Math.ceil(share * whole.length) - 1))) {
          assertEquals((await attempt(whole.subarray(0, length))).code, "not_good", `cut at ${length}: ${name}`);
        }
      }
    }
  }
  await processText({ program: "gpgconf", args: ["--homedir", otherGpg.path, "--kill", "gpg-agent"] });
});

Deno.test("no key at all and recipients that are none are told with a hint", async () => {
  await using fixture = await CryptFixture.create();
  await using folder = await TempFolder.create();
  const plain = join(folder.path, "plain");
  await Deno.writeFile(plain, noise(100));
  const none = await assertRejects(() => openDecryptor(null, "age", {}), PgstrataError);
  assertEquals(none.code, "usage");
  assertMatch(none.hint ?? "", /PGSTRATA_AGE_IDENTITY_FILE/);
  const cases: EncryptionKey[] = [
    { method: "age", recipients: ["age1nonsense"] },
    { method: "age", recipients: ["nobody"] },
    { method: "gpg", recipients: ["stranger@test.invalid"] },
  ];
  for (const key of cases) {
    for (const size of [100, 2_000_000]) {
      await Deno.writeFile(plain, noise(size));
      const error = await assertRejects(
        () => encrypt(key, plain, join(folder.path, "cipher"), fixture.gpgHome),
        PgstrataError,
      );
      assertEquals(error.code, "usage", `${JSON.stringify(key)} ${size}: ${error.message}`);
      assertEquals([...Deno.readDirSync(folder.path)].length, 1);
    }
  }
});

Deno.test("a gpg file does not tell its plain name, and is AES-256 without compression", async () => {
  await using fixture = await CryptFixture.create();
  await using folder = await TempFolder.create();
  const plain = join(folder.path, "very_secret_table.sql");
  await Deno.writeFile(plain, noise(10_000));
  const [pair] = fixture.pairs.filter(({ name }) => name === "gpg recipients");
  assert(pair !== undefined);
  await encrypt(pair.key, plain, join(folder.path, "cipher"), fixture.gpgHome);
  const packets = await processText({
    program: "gpg",
    args: ["--homedir", fixture.gpgHome, "--batch", "--list-packets", "--verbose", join(folder.path, "cipher")],
  });
  assertMatch(packets, /literal data packet/);
  assert(!packets.includes("very_secret_table"));
  assert(!packets.includes("compressed packet"));
});

async function output(program: string, args: readonly string[]): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  await runProcess({ program, args }, (chunk) => void chunks.push(chunk.slice()));
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function contains(haystack: Uint8Array, needle: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(haystack).includes(new TextDecoder("latin1").decode(needle));
}
