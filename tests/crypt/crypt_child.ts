/** A process that encrypts or decrypts a backup, for tests that kill it: encrypt|decrypt FOLDER RECIPIENT|IDENTITY_FILE */
import { Secret } from "../../lib/base/mod.ts";
import { decryptBackup, encryptBackup } from "../../lib/crypt/mod.ts";
import { publicSummary } from "./real_backup.ts";

const [action = "", folder = "", key = ""] = Deno.args;
await Deno.stdout.write(new TextEncoder().encode("begun\n"));
if (action === "encrypt") {
  await encryptBackup(folder, { method: "age", recipients: [key] }, publicSummary, { age: "library" });
} else {
  await decryptBackup(folder, { ageIdentities: new Secret(await Deno.readTextFile(key)) }, { age: "library" });
}
