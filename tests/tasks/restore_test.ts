import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { manifestText } from "../../lib/catalog/mod.ts";
import { RestoreError, type RestoreOptions, type RestorePlan, type RestoreReport } from "../../lib/restore/mod.ts";
import { RESTORE_OPTIONS } from "../../tasks/commands/restore.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { restoreRequest } from "../../tasks/restore_request.ts";
import { run } from "../../tasks/restore.ts";
import { askUnless } from "../../tasks/restore_confirm.ts";
import { planText } from "../../tasks/restore_text.ts";
import { fakeManifest } from "../report/fake_manifest.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

const REPORT: RestoreReport = {
  version: 1,
  backup: "/shelf/20260810_020004_prod",
  target: "postgres@staging.example.org:5432/shop",
  environment: "staging",
  database: "shop",
  way: "swap",
  tier: "full",
  status: "done",
  startedAt: "2026-08-11T10:00:00.000Z",
  finishedAt: "2026-08-11T10:01:00.000Z",
  durations: { load: 60_000 },
  steps: [{ at: "2026-08-11T10:00:30.000Z", done: "loaded 7 objects" }],
  notDone: [],
  targetState: "database shop is the restored one",
  preflight: [{ check: "disk", state: "unknown", text: "about 1 GB needed" }],
  overwritten: [],
  entries: 7,
  roles: null,
  leftOut: [{ dumpId: 3, kind: "EVENT TRIGGER", object: "watch\x1b", reason: "only a superuser may create it" }],
  notGranted: [],
  ownersNotSet: [],
  widened: [],
  comparison: { equal: true, differences: [], notCompared: [], compared: { rows: 3 }, rows: 101 },
  safetyBackup: "/shelf/x",
  previousDatabase: "shop_before",
  undo: "psql --command='ALTER DATABASE …'",
  warnings: [],
  todo: [],
};

const PLAN: RestorePlan = {
  target: "postgres@staging.example.org:5432/shop",
  database: "shop",
  environment: "staging",
  backup: "20260810_020004_prod",
  way: "in_place",
  tier: "full",
  overwritten: [{ object: "table public.orders", rows: 12_000, estimated: true }],
  leftOut: [],
  safetyBackup: true,
  databaseBytes: 500e9,
  preflight: [{ check: "webhooks", state: "attention", text: "not enabled here" }],
};

const ENV = {
  DATABASE_URL_PROD: "postgresql://postgres:hunter2@prod.example.invalid:5432/shop",
  DATABASE_URL_STAGING: "postgresql://postgres:swordfish@staging.example.invalid:5432/shop",
};

interface Outcome {
  readonly code: number;
  readonly context: FakeContext;
  readonly options: RestoreOptions | undefined;
}

/** Runs the command with a restore that asks for consent and then gives `report`. */
async function restore(
  line: string,
  given: { report?: RestoreReport | Error; answer?: string | null; context?: Partial<TaskContext> } = {},
): Promise<Outcome> {
  const shelf = await Deno.makeTempDir();
  try {
    const folder = `${shelf}/20260810_020004_prod`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/manifest.json`, manifestText(fakeManifest({ environment: "prod" })));
    const later = `${shelf}/20260812_020004_prod_pre_restore`;
    await Deno.mkdir(later);
    const safety = fakeManifest({ environment: "prod", label: "pre_restore", startedAt: "2026-08-12T02:00:04.000Z" });
    await Deno.writeTextFile(`${later}/manifest.json`, manifestText(safety));
    const context = fakeContext({ env: ENV, cwd: shelf, dir: shelf, ...given.context });
    const invocation = parseOptions(line.split(" "), RESTORE_OPTIONS) as Invocation<typeof RESTORE_OPTIONS>;
    let options: RestoreOptions | undefined;
    const code = await run(invocation, context, {
      ask: () => Promise.resolve(given.answer ?? null),
      parts: () => ({
        verify: () => Promise.resolve([]),
        compare: () => Promise.reject(new Error("not called")),
        safetyBackup: () => Promise.reject(new Error("not called")),
      }),
      restore: async (wanted, deps) => {
        options = wanted;
        try {
          await deps.confirm(PLAN);
        } catch (error) {
          throw new RestoreError(error as PgstrataError, {
            ...REPORT,
            status: "failed",
            targetState: "nothing was changed",
          });
        }
        if (given.report instanceof Error) throw given.report;
        return given.report ?? REPORT;
      },
    });
    return { code, context, options };
  } finally {
    await Deno.remove(shelf, { recursive: true });
  }
}

Deno.test("restore shows the plan, takes --yes with the database's name, and reports with the way back", async () => {
  const { code, context } = await restore("latest --to staging --yes shop");
  assertEquals(code, 0);
  const text = context.err.text();
  assertStringIncludes(text, "What goes:\n  table public.orders  about 12 000 rows");
  assertStringIncludes(text, "To go back (stop the application first: nobody may be connected)\n  psql --command=");
  assertStringIncludes(text, "only a superuser may create it: EVENT TRIGGER watch\\x1b");
  assertEquals(context.out.text(), "");
});

const REFUSALS: readonly [string, string, string | null, string][] = [
  ["without a terminal and without --yes", "latest --to staging", null, "nobody is there to agree"],
  ["with another name in --yes", "latest --to staging --yes shop2", null, '"shop2" is another name'],
  ["with another name typed", "latest --to staging", "yes", '"yes" is another name'],
];
for (const [when, line, answer, message] of REFUSALS) {
  Deno.test(`restore ends with exit code 7 ${when}`, async () => {
    const { code, context } = await restore(line, { answer });
    assertEquals(code, 7);
    assertStringIncludes(context.err.text(), message);
    assertStringIncludes(context.err.text(), "target: nothing was changed");
    assertEquals(context.err.text().includes("NOT FINISHED"), false);
  });
}

Deno.test("restore goes on when the database's name is typed", async () => {
  assertEquals((await restore("latest --to staging", { answer: "shop" })).code, 0);
});

Deno.test("restore refuses prod by its name and by its address without --allow-prod", async () => {
  for (const target of ["prod", "postgresql://someone@PROD.example.invalid/shop"]) {
    const error = await assertRejects(() => restore(`latest --to ${target} --yes shop`), PgstrataError);
    assertEquals([error.code, error.exit], ["refused", 7]);
  }
  assertEquals((await restore("latest --to prod --allow-prod --yes shop")).code, 0);
});

Deno.test("restore ends with exit code 3 when what was restored differs", async () => {
  const report: RestoreReport = {
    ...REPORT,
    status: "differs",
    comparison: {
      equal: false,
      differences: [{ category: "rows", kind: "changed", object: "TABLE t", detail: "1 row instead of 2" }],
      notCompared: [],
      compared: {},
      rows: 1,
    },
  };
  const { code, context } = await restore("latest --to staging --yes shop", { report });
  assertEquals(code, 3);
  assertStringIncludes(context.err.text(), "RESTORED, BUT NOT PROVED EQUAL");
  assertStringIncludes(context.err.text(), "changed: TABLE t: 1 row instead of 2");
});

Deno.test("restore --json prints one document, after a failure too", async () => {
  const done = await restore("latest --to staging --yes shop", { context: { json: true } });
  const document = JSON.parse(done.context.out.text());
  assertEquals([document.version, document.command, document.report.way, document.errors], [1, "restore", "swap", []]);
  const refused = await restore("latest --to staging", { context: { json: true } });
  const failed = JSON.parse(refused.context.out.text());
  assertEquals([failed.report.status, failed.errors[0].exit], ["failed", 7]);
});

Deno.test("restore takes latest as the latest that is no safety backup of a restore; by its name that can be restored", async () => {
  const latest = await restore("latest:prod --to staging --yes shop");
  assertStringIncludes(latest.options?.folder ?? "", "20260810_020004_prod");
  assertStringIncludes(latest.context.err.text(), "is a safety backup of a restore and passed over");
  const named = await restore("20260812_020004_prod_pre_restore --to staging --yes shop");
  assertStringIncludes(named.options?.folder ?? "", "20260812_020004_prod_pre_restore");
});

Deno.test("restore says nothing of a password", async () => {
  const { context } = await restore("latest --to postgresql://u:s3cr3tpw@staging.example.invalid/shop --yes shop");
  assert(!context.err.text().includes("s3cr3tpw"));
  assertStringIncludes(context.err.text(), "The password in --to can be read by everybody");
});

Deno.test("restore hands its options over", async () => {
  const { options } = await restore(
    "latest:prod --to staging --yes shop -t public.orders -t public.items --data-only --clean --no-owner --no-privileges --no-roles --tier table -j 3",
  );
  const { tables, content, clean, owners, privileges, roles, tier, jobs, safetyBackup, compare } = options ??
    {} as RestoreOptions;
  assertEquals({ tables, content, clean, owners, privileges, roles, tier, jobs, safetyBackup, compare }, {
    tables: ["public.orders", "public.items"],
    content: "data-only",
    clean: true,
    owners: false,
    privileges: false,
    roles: false,
    tier: "table",
    jobs: 3,
    safetyBackup: true,
    compare: true,
  });
});

const WRONG: readonly [string, string][] = [
  ["latest", "--to is missing"],
  ["latest --to all", "several databases"],
  ["latest --to staging --to-env X", "name two databases"],
  ["latest --to staging --owner --no-owner", "contradict each other"],
  ["latest --to staging --schema-only --data-only", "leave nothing"],
];
for (const [line, state] of WRONG) {
  Deno.test(`restore refuses "${line}"`, () => {
    const invocation = parseOptions(line.split(" "), RESTORE_OPTIONS) as Invocation<typeof RESTORE_OPTIONS>;
    try {
      restoreRequest(invocation);
    } catch (error) {
      assert(error instanceof PgstrataError);
      assertEquals(error.code, "usage");
      return assertStringIncludes(error.message, state);
    }
    throw new Error("it was accepted");
  });
}

Deno.test("a plan without a safety backup says so", () => {
  assertStringIncludes(planText({ ...PLAN, safetyBackup: false }), "NO backup of its present state");
  // Who has one small table to restore knows what the wait is for.
  const [first = "", second = ""] = planText(PLAN).split("\n").slice(3);
  assertEquals(
    `${first} ${second.trim()}`,
    "  first back up its present state with the label pre_restore (all of the database, 500 GB on the server); " +
      "--no-safety-backup skips it",
  );
});

Deno.test("a question ends when the run is interrupted, not when somebody presses Enter", async () => {
  const stop = new AbortController();
  const asked = askUnless(stop.signal, () => new Promise(() => {}))("Type shop to go on: ");
  stop.abort(new PgstrataError("Cannot finish: interrupted by SIGINT", { code: "interrupted" }));
  await assertRejects(() => asked, PgstrataError, "interrupted by SIGINT");
  assertEquals(await askUnless(new AbortController().signal, () => Promise.resolve("shop"))(""), "shop");
});
