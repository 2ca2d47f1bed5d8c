import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { recipientProbe, storageProbe } from "../../tasks/doctor_probes.ts";

Deno.test("storageProbe() writes, reads and removes an object, and leaves the folder as it was", async () => {
  await using folder = await TempFolder.create();
  await storageProbe({})({ name: "disk", url: `file://${folder.path}` });
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("storageProbe() rejects for a folder that is not there", async () => {
  await assertRejects(() => storageProbe({})({ name: "disk", url: "file:///proc/nowhere" }), Error, "/proc/nowhere");
});

Deno.test("recipientProbe() tells a real age key from a mistyped one", async () => {
  const key = /public key: (\S+)/.exec(await processText({ program: "age-keygen", args: [] }))?.[1] ?? "";
  await recipientProbe()(key);
  const mistyped = key.slice(0, -1) + (key.endsWith("q") ? "p" : "q");
  const error = await assertRejects(() => recipientProbe()(mistyped), Error);
  assertStringIncludes(error.message, "Cannot");
});
