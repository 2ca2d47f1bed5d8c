import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { planRetention } from "../../lib/catalog/retention.ts";
import { retentionHistory, type RetentionItem } from "../../lib/catalog/retention_item.ts";
import { DEFAULT_POLICY, KINDS_POLICY, type RetentionPolicy } from "../../lib/catalog/retention_policy.ts";
import { readShelf } from "../../lib/catalog/shelf.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { putBackup } from "./fixtures.ts";
import { item } from "./retention_items.ts";

const DAY = 86_400_000;
const LAST = Date.UTC(2026, 11, 31, 2);

/** Backs up every day at 02:00 up to the end of 2026, prunes after each, and gives what is on the shelf then. */
function simulate(first: number, policy: RetentionPolicy, backupsOf: (day: Date) => RetentionItem[]): string[] {
  let items: RetentionItem[] = [];
  for (let time = first; time <= LAST; time += DAY) {
    items.push(...backupsOf(new Date(time)));
    const plan = planRetention({ items, failedStarts: [] }, policy, new Date(time));
    assertEquals(plan.refusals, []);
    const gone = new Set(plan.decisions.filter((one) => one.action === "remove").map((one) => one.path));
    items = items.filter((one) => !gone.has(one.path));
  }
  return items.map((one) => `${one.time.toISOString().slice(0, 10)}${one.label === null ? "" : ` ${one.label}`}`);
}

const YEAR = Date.UTC(2026, 0, 1, 2);
const daily = (day: Date) => [item(day)];
const december = (from: number) =>
  Array.from({ length: 32 - from }, (_, index) => `2026-12-${String(from + index).padStart(2, "0")}`);

Deno.test("after a year of daily backups, keep-last-5 leaves the last five days", () => {
  assertEquals(simulate(YEAR, DEFAULT_POLICY, daily), december(27));
});

Deno.test("after a year of daily backups, thirty days leave the last thirty", () => {
  const policy = { ...DEFAULT_POLICY, rules: [{ keepFor: { unit: "days" as const, count: 30 } }] };
  assertEquals(simulate(YEAR, policy, daily), december(2));
});

Deno.test("after a year of daily backups, grandfather-father-son leaves days, Sundays and month ends", () => {
  const policy = { ...DEFAULT_POLICY, rules: [{ slots: { daily: 7, weekly: 4, monthly: 12 } }] };
  assertEquals(simulate(YEAR, policy, daily), [
    "2026-01-31",
    "2026-02-28",
    "2026-03-31",
    "2026-04-30",
    "2026-05-31",
    "2026-06-30",
    "2026-07-31",
    "2026-08-31",
    "2026-09-30",
    "2026-10-31",
    "2026-11-30",
    "2026-12-13",
    "2026-12-20",
    ...december(25),
  ]);
});

Deno.test("after a year of hourly backups, hours, days and years are left", () => {
  const policy = { ...DEFAULT_POLICY, rules: [{ slots: { hourly: 3, daily: 2, yearly: 5 } }] };
  const everySixHours = (day: Date) =>
    [0, 6, 12, 18].map((hour) => item(new Date(day.getTime() - 2 * 3_600_000 + hour * 3_600_000)));
  let items: RetentionItem[] = [];
  for (let time = Date.UTC(2025, 11, 30, 2); time <= LAST; time += DAY) {
    for (const backup of everySixHours(new Date(time))) {
      items.push(backup);
      const plan = planRetention({ items, failedStarts: [] }, policy, backup.time);
      const gone = new Set(plan.decisions.filter((one) => one.action === "remove").map((one) => one.path));
      items = items.filter((one) => !gone.has(one.path));
    }
  }
  assertEquals(items.map((one) => one.time.toISOString().slice(0, 13)), [
    "2025-12-31T18",
    "2026-12-30T18",
    "2026-12-31T06",
    "2026-12-31T12",
    "2026-12-31T18",
  ]);
});

Deno.test("after a year of daily backups and upgrades, the last five and the last two before upgrades are left", () => {
  const left = simulate(YEAR, DEFAULT_POLICY, (day) => {
    const isUpgrade = day.getUTCDate() === 3 && day.getUTCMonth() % 3 === 0;
    return isUpgrade
      ? [item(day), item(new Date(day.getTime() - 3_600_000), { label: "pre-upgrade-17" })]
      : [item(day)];
  });
  assertEquals(left, ["2026-07-03 pre-upgrade-17", "2026-10-03 pre-upgrade-17", ...december(27)]);
});

Deno.test("after a year of daily backups under a size cap, as many of the newest are left as there is room for", () => {
  const policy = { ...DEFAULT_POLICY, rules: [{ keepFor: { unit: "days" as const, count: 30 } }], maxBytes: 1_250 };
  assertEquals(simulate(YEAR, policy, daily), december(20), "items of 100 bytes");
});

Deno.test("on every day of a year keep-last-5 leaves what the runbook's shell command leaves", async () => {
  await using shelf = await TempFolder.create();
  const days = Array.from({ length: 365 }, (_, index) => new Date(YEAR + index * DAY));
  const names = days.map((day) => item(day).path);
  const script = days.map((day, index) =>
    `mkdir ${names[index]}; touch -d @${day.getTime() / 1000} ${names[index]}; ` +
    "ls -1dt *_prod* | tail -n +6 | xargs -r rmdir; echo $(ls -1d *_prod*)"
  ).join("\n");
  await Deno.writeTextFile(join(shelf.path, "script.sh"), script);
  const shell = await new Deno.Command("sh", { args: ["script.sh"], cwd: shelf.path, env: { LC_ALL: "C" } }).output();
  const theirs = new TextDecoder().decode(shell.stdout).trim().split("\n");
  let items: RetentionItem[] = [];
  const ours = days.map((day) => {
    items.push(item(day));
    const plan = planRetention({ items, failedStarts: [] }, DEFAULT_POLICY, day);
    const gone = new Set(plan.decisions.filter((one) => one.action === "remove").map((one) => one.path));
    items = items.filter((one) => !gone.has(one.path));
    return items.map(({ path }) => path).join(" ");
  });
  assertEquals(ours, theirs);
});

Deno.test("after a year and a half, the table of kinds leaves what it says", () => {
  const labelled: Readonly<Record<string, string>> = {
    "2025-08-01": "critical",
    "2026-03-10": "pre-migration-7",
    "2026-10-10": "pre-migration-8",
  };
  const left = simulate(Date.UTC(2025, 6, 1, 2), KINDS_POLICY, (day) => {
    const labels = ["daily"];
    if (day.getUTCDay() === 0) labels.push("weekly");
    if (day.getUTCDate() === 1) labels.push("monthly");
    const special = labelled[day.toISOString().slice(0, 10)];
    if (special !== undefined) labels.push(special);
    return labels.map((label) => item(day, { label }));
  });
  const months = (year: number, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${year}-${String(from + index).padStart(2, "0")}-01 monthly`);
  assertEquals(
    left.toSorted(),
    [
      // Older than twelve months: waiting for cold storage.
      ...months(2025, 7, 12),
      ...months(2026, 1, 12),
      "2025-08-01 critical",
      // Older than six months: waiting for review.
      "2026-03-10 pre-migration-7",
      "2026-10-10 pre-migration-8",
      "2026-12-06 weekly",
      "2026-12-13 weekly",
      "2026-12-20 weekly",
      "2026-12-27 weekly",
      ...december(25).map((date) => `${date} daily`),
    ].toSorted(),
  );
});

Deno.test("keep-last-5 removes what the runbook's shell command would", async () => {
  await using shelf = await TempFolder.create();
  for (let number = 0; number < 23; number++) {
    const time = new Date(Date.UTC(2026, 0, 1 + (number * 7) % 23, number));
    const { folder } = await putBackup(shelf.path, { time, environment: number % 3 === 0 ? "staging" : "prod" });
    await Deno.utime(folder, time, time);
  }
  const plan = planRetention(retentionHistory(await readShelf(shelf.path)), DEFAULT_POLICY, new Date(LAST));
  for (const environment of ["prod", "staging"]) {
    const shell = await new Deno.Command("sh", {
      args: ["-c", `ls -1dt *_${environment}* | tail -n +6`],
      cwd: shelf.path,
      env: { LC_ALL: "C" },
    }).output();
    const theirs = new TextDecoder().decode(shell.stdout).trim().split("\n").sort();
    const ours = plan.decisions.filter((one) => one.action === "remove" && one.path.endsWith(environment));
    assertEquals(ours.map((one) => one.path).sort(), theirs.map((path) => join(path)));
  }
});
