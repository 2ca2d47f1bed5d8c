import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { type DecryptionKeys, type EncryptionKey, generateAgeKey } from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { ensureAge } from "../../scripts/debian_cache.ts";

/** A way to encrypt, and what opens it. */
export interface KeyPair {
  readonly name: string;
  readonly key: EncryptionKey;
  readonly keys: DecryptionKeys;
}

/** Keys of every kind, in a folder of their own; gpg's agent ends with it. */
export class CryptFixture implements AsyncDisposable {
  private constructor(
    readonly folder: TempFolder,
    private readonly home: TempFolder,
    readonly pairs: readonly KeyPair[],
    /** `--homedir` of gpg. */
    readonly gpgHome: string,
    readonly identityFile: string,
    readonly passphraseFile: string,
    readonly ageRecipient: string,
  ) {}

  static async create(): Promise<CryptFixture> {
    await usePathWithAge();
    const folder = await TempFolder.create({ prefix: "pgstrata-crypt-test-" });
    const home = await gpgFolder();
    const gpgHome = home.path;
    const generate = [
      "--passphrase",
      "",
      "--quick-generate-key",
      "backup@test.invalid",
      "future-default",
      "default",
      "never",
    ];
    await processText({
      program: "gpg",
      args: ["--homedir", gpgHome, "--batch", "--quiet", "--pinentry-mode", "loopback", ...generate],
    });
    const { identity, recipient } = await generateAgeKey();
    const identityFile = join(folder.path, "identity.txt");
    await Deno.writeTextFile(identityFile, `# created for a test\n${identity}\n`, { mode: 0o600 });
    const passphrase = new Secret("correct horse 'battery' staple");
    const passphraseFile = join(folder.path, "passphrase.txt");
    await Deno.writeTextFile(passphraseFile, `${passphrase.reveal()}\n`, { mode: 0o600 });
    const identities = { ageIdentities: new Secret(await Deno.readTextFile(identityFile)) };
    const pairs: KeyPair[] = [
      { name: "age recipients", key: { method: "age", recipients: [recipient] }, keys: identities },
      { name: "age passphrase", key: { method: "age", passphrase }, keys: { passphrase } },
      { name: "gpg recipients", key: { method: "gpg", recipients: ["backup@test.invalid"] }, keys: {} },
      { name: "gpg passphrase", key: { method: "gpg", passphrase }, keys: { passphrase } },
    ];
    return new CryptFixture(folder, home, pairs, gpgHome, identityFile, passphraseFile, recipient);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await processText({ program: "gpgconf", args: ["--homedir", this.gpgHome, "--kill", "gpg-agent"] });
    await this.home[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** A `--homedir` of gpg: its agent has a socket there, whose path may have 107 bytes only, wherever files go here. */
export async function gpgFolder(): Promise<TempFolder> {
  const folder = await TempFolder.create({ prefix: "pgstrata-gpg-test-" });
  if (join(folder.path, "S.gpg-agent.browser").length <= 100) return folder;
  await folder[Symbol.asyncDispose]();
  return await TempFolder.create({ prefix: "pgstrata-gpg-test-", parent: "/tmp" });
}

/** Puts the `age` program into PATH, for this process and its children. */
export async function usePathWithAge(): Promise<void> {
  const bin = await ensureAge();
  const path = Deno.env.get("PATH") ?? "";
  if (!path.split(":").includes(bin)) Deno.env.set("PATH", `${path}:${bin}`);
}
