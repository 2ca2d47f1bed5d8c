import { fromFileUrl } from "@std/path";
import { messageOf, PgstrataError } from "../base/mod.ts";
import type { Config, StorageConfig } from "../catalog/mod.ts";
import { ProcessError, processText, TempFolder } from "../system/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";

/** Writes, reads and removes a small object; rejects with what went wrong. */
export type ProbeStorage = (storage: StorageConfig) => Promise<void>;

/** Encrypts something for a recipient; rejects when the key is none. */
export type ProbeRecipient = (recipient: string) => Promise<void>;

/** Whether each place for copies can be written. Without a probe only folders are looked at. */
export async function storageChecks(storages: readonly StorageConfig[], probe?: ProbeStorage): Promise<Check[]> {
  return await Promise.all(storages.map(async (storage): Promise<Check> => {
    const name = `storage:${storage.name}`;
    try {
      if (probe !== undefined) await probe(storage);
      else if (storage.url.startsWith("file:")) await probeFolder(fromFileUrl(storage.url));
      else return warning(name, `${storage.url} was not tried`, `pgstrata push --to ${storage.name}`);
      return ok(name, `${storage.url} can be written`);
    } catch (thrown) {
      const hint = thrown instanceof PgstrataError ? thrown.hint : undefined;
      const fix = storage.url.startsWith("file:")
        ? `mount it, or: mkdir -p ${fromFileUrl(storage.url)}`
        : hint ?? "Check bucket, endpoint, region and the AWS_* credentials";
      return problem(name, `${storage.url} cannot be written: ${messageOf(thrown)}`, fix);
    }
  }));
}

async function probeFolder(path: string): Promise<void> {
  try {
    await using folder = await TempFolder.create({ parent: path, prefix: ".doctor-" });
    await Deno.writeTextFile(`${folder.path}/probe`, "probe");
  } catch (cause) {
    throw new Error(messageOf(cause), { cause });
  }
}

/** Whether backups can be encrypted for each recipient. */
export async function keyChecks(recipients: Config["recipients"], probeAge?: ProbeRecipient): Promise<Check[]> {
  const age = recipients.age.map(async (recipient): Promise<Check> => {
    const name = `key:${recipient.slice(0, 12)}`;
    const wrong = (state: string) =>
      problem(
        name,
        `the age recipient ${state}`,
        "age-keygen -o key.txt   # its public line, age1…, goes into pgstrata.json",
      );
    if (/^AGE-SECRET-KEY/i.test(recipient)) {
      return wrong("is a secret key: replace it by the public one, and make a new pair");
    }
    // Others are keys of plugins, or of ssh: what they are worth only trying tells.
    const isOrdinary = /^age1[02-9ac-hj-np-z]{58}$/.test(recipient);
    if (probeAge === undefined && !isOrdinary) return wrong("is no age public key (age1 and 58 letters)");
    try {
      await probeAge?.(recipient);
    } catch (error) {
      return wrong(`cannot be used: ${messageOf(error)}`);
    }
    return ok(name, `age recipient ${recipient.slice(0, 12)}… can be used`);
  });
  return await Promise.all([...age, ...recipients.gpg.map(gpgCheck)]);
}

/** Validity letters of `gpg --with-colons` (doc/DETAILS): expired, revoked, disabled, invalid. */
const UNUSABLE: Readonly<Record<string, string>> = {
  e: "has expired",
  r: "was revoked",
  d: "is disabled",
  i: "is invalid",
};

async function gpgCheck(recipient: string): Promise<Check> {
  const name = `key:${recipient}`;
  try {
    const text = await processText({
      program: "gpg",
      args: ["--batch", "--no-tty", "--with-colons", "--list-keys", "--", recipient],
    });
    const state = UNUSABLE[/^pub:(.)/m.exec(text)?.[1] ?? ""];
    return state === undefined
      ? ok(name, `gpg key ${recipient} is here`)
      : problem(name, `gpg key ${recipient} ${state}`, `gpg --edit-key ${recipient}   # expire, save`);
  } catch (error) {
    return error instanceof ProcessError
      ? problem(name, `gpg has no public key ${recipient}`, `gpg --recv-keys ${recipient}   # or gpg --import FILE`)
      : problem(name, `gpg cannot be run: ${messageOf(error)}`, "apt-get install gnupg");
  }
}
