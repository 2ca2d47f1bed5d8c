import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import stringWidth from "string-width";
import { planRetention, retentionHistory } from "../../lib/catalog/mod.ts";
import { DEFAULT_POLICY } from "../../lib/catalog/retention_policy.ts";
import { detailsText, pruneText, remoteTable, shelfTable, shelfView } from "../../lib/report/mod.ts";
import { fullShelf, NOW, sealedEntry, shelfOf } from "./shelf_fixture.ts";

const EXPECTED = new URL("expected/", import.meta.url);

const shelf = fullShelf();
const list = (columns: number) => shelfTable(shelfView(shelf, null), { now: NOW, columns });

/** Two backups of the ci layout: their names tell no environment. */
const ci = shelfOf([
  sealedEntry("2026-11-20T02:00:04Z", {
    path: "archive/2026-11-20T02-00-04Z--shop--schedule--abcdef0",
    publishedAt: "latest/latest_2026-11-20T02-00-04Z",
  }),
  sealedEntry("2026-11-19T02:00:04Z", {
    path: "archive/2026-11-19T02-00-04Z--shop--push--1234567",
    label: "weekly",
  }),
]);

function plan(columns: number): string {
  const policy = {
    ...DEFAULT_POLICY,
    rules: [
      { label: "pre-upgrade", keepFor: { unit: "days" as const, count: 1 }, then: "cold" as const },
      { keepLast: 1, then: "review" as const, environment: "lab" },
      { keepLast: 1, reviewEvery: { unit: "months" as const, count: 3 } },
    ],
  };
  const old = ["01", "02", "03"].map((day) => sealedEntry(`2026-08-${day}T02:00:04Z`, { environment: "qa" }));
  const lab = ["01", "02"].map((day) => sealedEntry(`2026-11-${day}T02:00:04Z`, { environment: "lab" }));
  const upgrade = sealedEntry("2026-11-01T02:00:04Z", { label: "pre-upgrade" });
  const entries = [...old, ...lab, upgrade, ...shelf.entries.filter(({ kind }) => kind !== "unreadable")];
  const history = retentionHistory(shelfOf(entries, shelf.failedRuns));
  const sizes = new Map(entries.map(({ path, usage }) => [path, usage]));
  return pruneText(planRetention(history, policy, NOW), { columns, sizes });
}

function details(path: string): string {
  const { rows } = shelfView(shelf, null);
  const row = rows.find(({ entry }) => entry.path === path);
  assert(row !== undefined && ["backup", "encrypted", "foreign"].includes(row.entry.kind));
  const { entry, real } = row;
  assert(entry.kind === "backup" || entry.kind === "encrypted" || entry.kind === "foreign");
  const plan = planRetention(retentionHistory(shelf), DEFAULT_POLICY, NOW);
  const decision = plan.decisions.find((one) => one.path === path) ?? null;
  const records = [
    { kind: "verified", at: "2026-11-19T03:00:00Z", good: true, how: "read back, all files" },
    { kind: "drilled", at: "2026-11-19T04:00:00Z", good: true, coverage: 0.9996, how: "restored" },
    { kind: "keep", at: "2026-11-19T05:00:00Z", reason: "audit", until: null },
    { kind: "released", at: "2026-11-19T06:00:00Z" },
    { kind: "stored", at: "2026-11-19T07:00:00Z", destination: "s3-cold" },
  ] as const;
  return detailsText({ entry, real, decision, records: entry.kind === "backup" ? records : [] }, NOW);
}

function remote(columns: number): string {
  const { path, time, environment, label, summary } = sealedEntry("2026-11-20T02:00:04Z", { label: "monthly" });
  const base = { path, time, environment, label, storageClass: null, storedAt: null, encrypted: null, summary: null };
  return remoteTable("s3://backups/prod", [
    {
      ...base,
      kind: "backup",
      encrypted: "age",
      summary,
      storedAt: new Date("2026-11-20T03:00:00Z"),
      storageClass: "GLACIER",
    },
    { ...base, kind: "backup", summary, storedAt: new Date("2026-10-20T03:00:00Z") },
    { ...base, kind: "backup", encrypted: "gpg", storedAt: new Date("2026-10-20T03:00:00Z") },
    ...(["partial", "removing", "unreadable", "foreign"] as const).map((kind) => ({ ...base, kind })),
  ], { now: NOW, columns });
}

const WHOLE: readonly (readonly [string, string])[] = [
  ["list_80.txt", list(80)],
  ["list_140.txt", list(140)],
  ["list_all.txt", list(10_000)],
  ["list_ci_100.txt", shelfTable(shelfView(ci, null), { now: NOW, columns: 100 })],
  ["list_remote_80.txt", remote(80)],
  ["list_remote_140.txt", remote(140)],
  ["prune_80.txt", plan(80)],
  ["prune_140.txt", plan(140)],
  ["show_backup.txt", details("20261119_020004_prod")],
  ["show_encrypted.txt", details("20261117_020004_staging")],
  ["show_foreign.txt", details("20251101_000000_prod")],
];

for (const [file, text] of WHOLE) {
  // After a wanted change: UPDATE_EXPECTED=1 deno test -A tests/report, then look at the difference.
  Deno.test(`list, prune and show are exactly tests/report/expected/${file}`, async () => {
    const path = new URL(file, EXPECTED);
    if (Deno.env.get("UPDATE_EXPECTED")) await Deno.writeTextFile(path, text);
    assertEquals(text, await Deno.readTextFile(path));
  });
}

Deno.test("no table of a shelf lets a control character through", () => {
  for (const [file, text] of WHOLE) {
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(text), file);
  }
});

for (const columns of [80, 100, 120, 140, 200]) {
  Deno.test(`a list and a plan fit into ${columns} columns`, () => {
    for (const line of `${list(columns)}${plan(columns)}${remote(columns)}`.split("\n")) {
      assertLessOrEqual(stringWidth(line), columns, line);
    }
  });
}

Deno.test("shelfView() counts shared files with the oldest backup that has them", () => {
  const { rows, usage } = shelfView(shelf, ["prod"]);
  const real = new Map(rows.map((row) => [row.entry.path, row.real]));
  assertEquals(real.get("20261119_020004_prod"), 1_234_567_890);
  assertEquals(real.get("20261120_020004_prod"), 34_567_890);
  assertEquals(usage.apparent - usage.real, 1_200_000_000);
  assertEquals(shelfView(shelf, null).usage, shelf.usage);
});

Deno.test("shelfView() tells the failed run that no good backup followed", () => {
  const failed = (environments: readonly string[] | null) =>
    shelfView(shelf, environments).failedRuns.map(({ environment }) => environment);
  assertEquals([failed(null), failed(["prod"]), failed(["dev"])], [["dev"], [], ["dev"]]);
});

Deno.test("an empty shelf is said to be empty", () => {
  assertEquals(
    shelfTable(shelfView(shelfOf([]), null), { now: NOW, columns: 80 }),
    "0 backups in /srv/backups: 0 B\n",
  );
});
