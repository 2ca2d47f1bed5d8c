import { randomBytes } from "node:crypto";
import { PgstrataError, Secret } from "../base/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { ageEncrypt, ageLock, generateAgeKey } from "./age_library.ts";
import { ageProgramEncrypt, hasAgeProgram } from "./age_program.ts";
import { gpgEncrypt, gpgLock, type GpgSetting, type GpgSource } from "./gpg_program.ts";
import type { CryptDeps, EncryptionKey } from "./keys.ts";
import type { EncryptionMethod } from "./method.ts";
import { FileStream, writeOutput, type WrittenFile } from "./output_file.ts";

/** From here on starting the `age` program is faster than the built-in library. */
const PROGRAM_WORTH = 1024 * 1024;

/** Encrypts the files of one backup, all for the same key. */
export interface Encryptor extends AsyncDisposable {
  readonly method: EncryptionMethod;
  /** What {@linkcode EncryptionKey} it works with. */
  readonly opensBy: "recipients" | "passphrase";
  /** Writes the key that the passphrase opens; null where recipients' keys open the files. */
  readonly writeLockedKey: ((target: string, sync: boolean) => Promise<WrittenFile>) | null;
  /**
   * Encrypts a file into a new one, whole or not at all.
   *
   * @param sync whether it is durable when this returns
   * @throws {PgstrataError} code `usage` for a recipient that is none, `tool` without gpg
   */
  encryptFile(source: string, target: string, sync: boolean): Promise<WrittenFile>;
  /** The same for a text, which touches the disk encrypted only. */
  encryptText(text: string, target: string, sync: boolean): Promise<WrittenFile>;
}

/** Makes ready to encrypt one backup. With a passphrase a new key is made, which the passphrase opens. */
export async function openEncryptor(key: EncryptionKey, deps: CryptDeps = {}): Promise<Encryptor> {
  return key.method === "age" ? await openAge(key, deps) : await openGpg(key, deps);
}

async function openAge(key: EncryptionKey, deps: CryptDeps): Promise<Encryptor> {
  let recipients: readonly string[];
  let writeLockedKey: Encryptor["writeLockedKey"] = null;
  if ("passphrase" in key) {
    const { identity, recipient } = await generateAgeKey();
    recipients = [recipient];
    // The program opens such a file by itself: age --decrypt --identity manifest.key.age FILE.
    writeLockedKey = async (target, sync) => {
      const locked = await ageLock(`${identity}\n`, key.passphrase);
      return await writeOutput(target, (write) => Promise.resolve(write(locked)), { sync });
    };
  } else recipients = key.recipients;
  const kinds = new Set(recipients.map(implementationOf));
  const program = deps.age !== "library" && !kinds.has("library") && await hasAgeProgram();
  const needsProgram = kinds.has("program");
  if (needsProgram && !program) throw needsAgeProgram();
  const encrypt = async (stream: ReadableStream<Uint8Array>, target: string, sync: boolean) =>
    await writeOutput(target, async (write) => {
      for await (const chunk of await ageEncrypt(stream, recipients)) {
        deps.signal?.throwIfAborted();
        write(chunk);
      }
    }, { sync });
  return {
    method: "age",
    opensBy: "passphrase" in key ? "passphrase" : "recipients",
    writeLockedKey,
    async encryptFile(source, target, sync): Promise<WrittenFile> {
      const large = (await Deno.stat(source)).size >= PROGRAM_WORTH;
      if (program && (large || needsProgram)) {
        return await writeOutput(target, (write) => ageProgramEncrypt(source, recipients, write, deps.signal), {
          sync,
        });
      }
      await using plain = new FileStream(source);
      return await encrypt(plain.stream, target, sync);
    },
    async encryptText(text, target, sync): Promise<WrittenFile> {
      if (needsProgram) {
        const source = { text };
        return await writeOutput(target, (write) => ageProgramEncrypt(source, recipients, write, deps.signal), {
          sync,
        });
      }
      return await encrypt(new Blob([text]).stream(), target, sync);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openGpg(key: EncryptionKey, deps: CryptDeps): Promise<Encryptor> {
  const passphrase = "passphrase" in key ? key.passphrase : null;
  // With a passphrase the user's keys and settings play no part.
  const home = passphrase === null ? null : await TempFolder.create({ prefix: "pgstrata-gpg-" });
  const setting: GpgSetting = { home: home?.path ?? deps.gpgHome, signal: deps.signal };
  const inner = new Secret(randomBytes(32).toString("hex"));
  const encrypt = (source: GpgSource, write: (chunk: Uint8Array) => void) =>
    "passphrase" in key
      ? gpgLock(source, inner, "random", write, setting)
      : gpgEncrypt(source, key.recipients, write, setting);
  return {
    method: "gpg",
    opensBy: passphrase === null ? "recipients" : "passphrase",
    writeLockedKey: passphrase === null ? null : (target, sync) => {
      const source = { text: `${inner.reveal()}\n` };
      return writeOutput(target, (write) => gpgLock(source, passphrase, "chosen", write, setting), { sync });
    },
    encryptFile: (source, target, sync) => writeOutput(target, (write) => encrypt(source, write), { sync }),
    encryptText: (text, target, sync) => writeOutput(target, (write) => encrypt({ text }, write), { sync }),
    async [Symbol.asyncDispose](): Promise<void> {
      await home?.[Symbol.asyncDispose]();
    },
  };
}

/** Who knows a recipient: keys of SSH and of plugins only the program, post-quantum ones only the library. */
function implementationOf(recipient: string): "any" | "library" | "program" {
  if (/^age1[^1]+$/.test(recipient)) return "any";
  return recipient.startsWith("age1pq1") ? "library" : "program";
}

function needsAgeProgram(): PgstrataError {
  return new PgstrataError("Cannot encrypt: a recipient needs the age program, which is not installed", {
    code: "tool",
    hint: "Install it (Debian: apt-get install age), or use recipients that begin with age1, from `age-keygen`.",
  });
}
