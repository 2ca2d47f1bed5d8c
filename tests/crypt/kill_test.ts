import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { readShelf } from "../../lib/catalog/mod.ts";
import { decryptBackup, encryptBackup, generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { publicSummary, putRealBackup, readTree, treeDigest } from "./real_backup.ts";

/** Processes killed in each direction. */
const KILLS = 3;

Deno.test("a process killed while it encrypts or decrypts leaves a whole backup; the next call finishes", async () => {
  const { identity, recipient } = await generateAgeKey();
  await using shelf = await TempFolder.create();
  const identityFile = join(shelf.path, "identity");
  await Deno.writeTextFile(identityFile, identity);
  const sizes = Object.fromEntries(
    Array.from({ length: 24 }, (_, index) => [`public/tables/t${index}/data.sql`, 30_000 * index]),
  );
  const { folder, files } = await putRealBackup(join(shelf.path, "20260304_050607_prod"), sizes);
  const plain = treeDigest(files);
  const keys = { ageIdentities: new Secret(identity) };
  const killed = { encrypt: 0, decrypt: 0 };
  for (const action of ["encrypt", "decrypt"] as const) {
    const key = action === "encrypt" ? recipient : identityFile;
    const whole = await runChild(action, folder, key, null);
    assertEquals(whole.killed, false);
    for (let round = 0; round < KILLS; round++) {
      // Spread over the run, the last ones near its end, where the plain and the encrypted manifest change places.
      let after = whole.milliseconds * ([0.2, 0.6, 0.93][round] ?? 0.5);
      // A child that was faster this time is run again and killed sooner: the clock decides nothing.
      for (let tries = 0; tries < 12; tries++, after /= 2) {
        if (action === "encrypt") await decryptBackup(folder, keys, { age: "library" });
        else await encryptBackup(folder, { method: "age", recipients: [recipient] }, publicSummary, { age: "library" });
        if ((await runChild(action, folder, key, after)).killed) {
          killed[action]++;
          break;
        }
      }
      const [entry] = (await readShelf(shelf.path)).entries;
      assert(entry?.kind === "backup" || entry?.kind === "encrypted", `killed after ${after} ms: ${entry?.kind}`);
      // Whole as what it is: each file that its checksums list is there, and right.
      if (entry.kind === "backup") {
        const present = new Set(treeDigest(readTree(folder)));
        for (const line of plain.filter((text) => !text.endsWith(" SHA256SUMS"))) assert(present.has(line), line);
      }
      const rest = await runChild(action, folder, key, null);
      assertEquals([rest.killed, rest.success], [false, true]);
      if (action === "encrypt") {
        assertEquals(readTree(folder).size, files.size + 2);
      } else assertEquals(treeDigest(readTree(folder)), plain);
    }
  }
  assertEquals(killed, { encrypt: KILLS, decrypt: KILLS });
});

/** Runs the child; kills it so many milliseconds after it has begun. */
async function runChild(action: string, folder: string, key: string, killAfter: number | null) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(import.meta.dirname ?? "", "crypt_child.ts"), action, folder, key],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const begun = performance.now();
  const timer = killAfter === null ? undefined : setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }, killAfter);
  const status = await child.status;
  clearTimeout(timer);
  await reader.cancel();
  return { success: status.success, killed: status.signal === "SIGKILL", milliseconds: performance.now() - begun };
}
