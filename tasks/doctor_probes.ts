import { createHash } from "node:crypto";
import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import type { ProbeRecipient, ProbeStorage } from "../lib/doctor/mod.ts";
import { TempFolder } from "../lib/system/mod.ts";

const CONTENT = new TextEncoder().encode("written by pgstrata doctor, to be removed at once\n");

/** Milliseconds a place for copies gets. */
const PATIENCE = 20_000;

/** Writes a small object into a place for copies, reads it back and removes it. */
export function storageProbe(env: Readonly<Record<string, string>>): ProbeStorage {
  return async (storage) => {
    // The SDK of S3 is large: only where there is a place to try.
    const { openStore, parseDestination } = await import("../lib/storage/mod.ts");
    const place = parseDestination(storage, env);
    await using store = await openStore(place, { env, signal: AbortSignal.timeout(PATIENCE) });
    const key = `.pgstrata-doctor-${crypto.randomUUID()}`;
    await store.put(key, {
      bytes: CONTENT.length,
      sha256: createHash("sha256").update(CONTENT).digest("hex"),
      read: (offset, length) => Promise.resolve(CONTENT.slice(offset, offset + length)),
    });
    try {
      const text = await new Response(await store.get(key)).text();
      if (text !== new TextDecoder().decode(CONTENT)) {
        throw new PgstrataError(`Cannot use ${store.name}: what was read is not what was written`, {
          code: "not_good",
        });
      }
    } finally {
      await store.remove(key);
    }
  };
}

/** Encrypts a line for an age recipient. */
export function recipientProbe(): ProbeRecipient {
  return async (recipient) => {
    const { openEncryptor } = await import("../lib/crypt/mod.ts");
    await using folder = await TempFolder.create();
    await using encryptor = await openEncryptor({ method: "age", recipients: [recipient] });
    await encryptor.encryptText("probe\n", join(folder.path, "probe.age"), false);
  };
}
