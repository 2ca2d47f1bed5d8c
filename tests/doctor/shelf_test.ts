import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { appendFailedRun, appendRecord, parseConfig } from "../../lib/catalog/mod.ts";
import { type Check, historyChecks, keyChecks, shelfChecks, storageChecks } from "../../lib/doctor/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { type ManifestFacts, type PutBackup, putBackup } from "../catalog/fixtures.ts";
import { expectCheck } from "./doctor_fixture.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const ago = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

/** The checks of a shelf with these backups; `then` may add records. */
async function history(
  backups: readonly ManifestFacts[],
  options: { readonly maxAge?: number; readonly then?: (shelf: string, put: readonly PutBackup[]) => Promise<void> } =
    {},
): Promise<readonly Check[]> {
  await using folder = await TempFolder.create();
  const put: PutBackup[] = [];
  for (const facts of backups) put.push(await putBackup(folder.path, facts));
  await options.then?.(folder.path, put);
  const { shelf } = await shelfChecks(folder.path);
  if (shelf === null) throw new Error("the shelf cannot be read");
  const policy = parseConfig("{}").retention;
  return historyChecks(shelf, { environment: "prod", now: NOW, maxAge: options.maxAge ?? null, policy });
}

for (
  const [hours, maxAge, state] of [
    [2, undefined, "ok"],
    [30, undefined, "warning"],
    [24 * 9, undefined, "problem"],
    [30, 26 * 3_600_000, "problem"],
    [24 * 9, 24 * 30 * 3_600_000, "ok"],
  ] as const
) {
  Deno.test(`a newest backup of ${hours} hours is ${state} with max-age ${maxAge ?? "not given"}`, async () => {
    const checks = await history([{ time: ago(hours) }], maxAge === undefined ? {} : { maxAge });
    const { fix } = expectCheck(checks, "last_backup", state);
    assertEquals(fix?.startsWith("pgstrata backup prod") ?? state === "ok", true);
  });
}

Deno.test("no backup at all is a warning with the command that makes one", async () => {
  const checks = await history([{ environment: "staging", time: ago(1) }]);
  assertEquals(expectCheck(checks, "last_backup", "warning").fix, "pgstrata backup prod");
});

Deno.test("runs that failed since the newest backup are a problem with the last reason", async () => {
  const checks = await history([{ time: ago(50) }], {
    then: async (shelf) => {
      for (const hours of [26, 2]) {
        const at = ago(hours).toISOString();
        await appendFailedRun(shelf, { environment: "prod", startedAt: at, at, reason: `reason ${hours}` });
      }
    },
  });
  const { message, details } = expectCheck(checks, "failed_runs", "problem");
  assertEquals(message, "the last 2 runs of prod failed");
  assertStringIncludes(details[0] ?? "", "reason 2");
  assertStringIncludes(expectCheck(checks, "retention", "problem").message, "nothing of prod is removed");
});

Deno.test("an incomplete newest backup is a problem", async () => {
  const checks = await history([{ time: ago(1), status: "incomplete" }]);
  assertStringIncludes(expectCheck(checks, "last_backup_state", "problem").message, "is incomplete");
});

Deno.test("a newest backup that was found damaged is a problem", async () => {
  const checks = await history([{ time: ago(3) }], {
    then: async (shelf, [backup]) =>
      await appendRecord(shelf, backup?.id ?? "", {
        kind: "verified",
        at: ago(1).toISOString(),
        good: false,
        how: "full",
      }),
  });
  assertStringIncludes(expectCheck(checks, "last_backup_state", "problem").message, "found damaged on 2026-03-10");
});

Deno.test("a backup much smaller than the one before is a problem of retention", async () => {
  const checks = await history([{ time: ago(30), tableBytes: 1_000_000 }, { time: ago(1), tableBytes: 10 }]);
  const { message, fix } = expectCheck(checks, "retention", "problem");
  assertStringIncludes(message, "of data, the one before");
  assertStringIncludes(fix ?? "", "is it the right database");
});

Deno.test("backups that were never read back and never restored are warnings with their commands", async () => {
  const checks = await history([{ time: ago(1) }]);
  assertEquals(expectCheck(checks, "verified", "warning").fix, "pgstrata verify latest:prod");
  const drill = expectCheck(checks, "drill", "warning");
  assertStringIncludes(drill.message, "was ever restored");
  assertEquals(drill.fix, "pgstrata verify latest:prod --drill");
});

for (const [days, state] of [[10, "ok"], [120, "warning"]] as const) {
  Deno.test(`a good drill ${days} days ago is ${state}`, async () => {
    const checks = await history([{ time: ago(24 * 125) }, { time: ago(1) }], {
      then: async (shelf, [backup]) =>
        await appendRecord(shelf, backup?.id ?? "", {
          kind: "drilled",
          at: ago(24 * days).toISOString(),
          good: true,
          coverage: 0.996,
          how: "all",
        }),
    });
    assertStringIncludes(expectCheck(checks, "drill", state).message, "99% came back");
  });
}

Deno.test("unfinished folders and damaged manifests on the shelf are found", async () => {
  await using folder = await TempFolder.create();
  await putBackup(folder.path, { time: ago(1) });
  await Deno.mkdir(join(folder.path, "20260301_000000_prod.partial"));
  expectCheck((await shelfChecks(folder.path)).checks, "shelf", "warning");
  const { folder: damaged } = await putBackup(folder.path, { time: ago(2) });
  await Deno.writeTextFile(join(damaged, "manifest.json"), "{");
  const { message, fix, details } = expectCheck((await shelfChecks(folder.path)).checks, "shelf", "problem");
  assertStringIncludes(message, "1 backup cannot be read");
  assertStringIncludes(fix ?? "", "sha256sum -c SHA256SUMS");
  assertStringIncludes(details?.join() ?? "", "it is damaged");
});

Deno.test("a shelf that cannot be written is a problem: a system folder, a file in its place", async () => {
  // Not even root can write there.
  expectCheck((await shelfChecks("/proc/pgstrata-backups")).checks, "shelf_writable", "problem");
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(join(folder.path, "file"), "");
  for (const path of [join(folder.path, "file"), join(folder.path, "file", "backups")]) {
    assertStringIncludes(
      expectCheck((await shelfChecks(path)).checks, "shelf_writable", "problem").message,
      "a file is in its place",
    );
  }
});

Deno.test("a shelf that is not there yet can be made, and nothing is left of the attempt", async () => {
  await using folder = await TempFolder.create();
  const { checks } = await shelfChecks(join(folder.path, "new", "backups"));
  expectCheck(checks, "shelf_writable", "ok");
  assertEquals(expectCheck(checks, "shelf", "warning").fix, "pgstrata backup all");
  const one = await shelfChecks(join(folder.path, "new", "backups"), "prod");
  assertEquals(expectCheck(one.checks, "shelf", "warning").fix, "pgstrata backup prod");
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("storage is looked at: a folder, a mount that is missing, a bucket nobody tried", async () => {
  await using folder = await TempFolder.create();
  const checks = await storageChecks([
    { name: "disk", url: `file://${folder.path}` },
    { name: "mount", url: "file:///proc/nowhere" },
    { name: "bucket", url: "s3://bucket/prefix" },
  ]);
  expectCheck(checks, "storage:disk", "ok");
  assertStringIncludes(expectCheck(checks, "storage:mount", "problem").fix ?? "", "mkdir -p /proc/nowhere");
  expectCheck(checks, "storage:bucket", "warning");
  assertEquals([...Deno.readDirSync(folder.path)], [], "the probe is gone");
});

Deno.test("storage that is tried and refuses is a problem with the probe's reason", async () => {
  const denied = () => Promise.reject(new Error("AccessDenied"));
  const checks = await storageChecks([{ name: "bucket", url: "s3://bucket/prefix" }], denied);
  assertStringIncludes(expectCheck(checks, "storage:bucket", "problem").message, "AccessDenied");
});

const AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudaypvrqjqqqqq";

Deno.test("recipients are looked at: a secret key, a broken one, one that cannot be used, a gpg key that is not here", async () => {
  await using home = await TempFolder.create();
  const gone = `nobody-${home.path.split("/").at(-1)}@example.test`;
  const refused = `${AGE.slice(0, 60)}zz`;
  const checks = await keyChecks(
    { age: ["AGE-SECRET-KEY-1ABC", refused, AGE.slice(0, 62)], gpg: [gone] },
    (key) => key === refused ? Promise.reject(new Error("invalid checksum")) : Promise.resolve(),
  );
  assertEquals(checks.map(({ state }) => state), ["problem", "problem", "ok", "problem"]);
  assertEquals((await keyChecks({ age: ["age1short"], gpg: [] }))[0]?.state, "problem");
  assertStringIncludes(checks[0]?.message ?? "", "is a secret key");
  assertStringIncludes(checks[1]?.message ?? "", "invalid checksum");
  assertStringIncludes(checks[3]?.message ?? "", `gpg has no public key ${gone}`);
});

Deno.test("the shape of an age recipient is that of age-keygen", async () => {
  const text = await processText({ program: "age-keygen", args: [] });
  const key = /public key: (\S+)/.exec(text)?.[1] ?? "";
  assertEquals((await keyChecks({ age: [key], gpg: [] }))[0]?.state, "ok");
});
