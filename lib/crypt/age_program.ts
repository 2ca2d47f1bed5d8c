import { join } from "@std/path";
import { messageOf, PgstrataError } from "../base/mod.ts";
import { FILE_MODE, ProcessError, processText, runProcess, TempFolder } from "../system/mod.ts";
import { damagedCiphertext, wrongKey, wrongRecipient } from "./crypt_error.ts";

/** Whether the `age` program is in PATH. */
export async function hasAgeProgram(): Promise<boolean> {
  try {
    await processText({ program: "age", args: ["--version"] });
    return true;
  } catch (error) {
    if (error instanceof PgstrataError) return false;
    throw error;
  }
}

/** Encrypts a file, or a text, by the `age` program. */
export async function ageProgramEncrypt(
  source: string | { readonly text: string },
  recipients: readonly string[],
  write: (chunk: Uint8Array) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using folder = await TempFolder.create({ prefix: "pgstrata-age-" });
  const list = join(folder.path, "recipients");
  await Deno.writeTextFile(list, `${recipients.join("\n")}\n`, { mode: FILE_MODE });
  try {
    await runProcess({
      program: "age",
      args: ["--encrypt", "--recipients-file", list, ...typeof source === "string" ? ["--", source] : []],
      ...typeof source === "string" ? {} : { stdin: source.text },
      ...signal === undefined ? {} : { signal },
    }, write);
  } catch (cause) {
    if (!(cause instanceof ProcessError)) throw cause;
    throw /recipient/i.test(cause.stderr) ? wrongRecipient("age", cause) : cause;
  }
}

/** Decrypts a file by the `age` program. Identities go through its standard input. */
export async function ageProgramDecrypt(
  source: string,
  identities: readonly string[],
  write: (chunk: Uint8Array) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await runProcess({
      program: "age",
      args: ["--decrypt", "--identity", "-", "--", source],
      stdin: `${identities.join("\n")}\n`,
      ...signal === undefined ? {} : { signal },
    }, write);
  } catch (cause) {
    if (!(cause instanceof ProcessError)) throw cause;
    // age 1.0 to 1.2, cmd/age: "no identity matched any of the recipients"; "reading …: malformed …" for identities,
    // "failed to read header: … malformed …" for the file.
    const reason = messageOf(cause.cause);
    const isKey = !/failed to read header/i.test(reason) &&
      /no identity matched|malformed|unknown identity|failed to read .*identity/i.test(reason);
    throw isKey ? wrongKey(source, "age", cause) : damagedCiphertext(source, cause);
  }
}
