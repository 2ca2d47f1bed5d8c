import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { run, type RunBackup } from "../../tasks/backup.ts";
import { BACKUP_OPTIONS } from "../../tasks/commands/backup.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { fakeManifest } from "../report/fake_manifest.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

const ENV = {
  DATABASE_URL_PROD: "postgresql://postgres:hunter2@prod.example.org:5432/shop",
  DATABASE_URL_STAGING: "postgresql://postgres:swordfish@staging.example.org:5432/shop",
};

/** A backup that ends at once, as the environment's entry says. */
function ending(ends: Readonly<Record<string, "complete" | "incomplete" | Error>>): RunBackup {
  return ({ target: { environment }, label }, { onEvent, renderSummary }) => {
    const end = ends[environment] ?? "complete";
    onEvent({ type: "phase", phase: "read" });
    if (end instanceof Error) return Promise.reject(end);
    const manifest = fakeManifest({
      environment,
      label,
      status: end,
      omissions: end === "complete"
        ? []
        : [{ kind: "table data", object: "auth.users", reason: "unreadable", severity: "lost" }],
    });
    renderSummary(manifest);
    return Promise.resolve({ folder: `backups/20260810_020004_${environment}`, manifest });
  };
}

async function backup(
  line: string,
  makeBackup: RunBackup,
  given: Partial<TaskContext> & { quiet?: boolean } = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext({ env: ENV, ...given });
  const words = line.split(" ").filter((word) => word !== "");
  const invocation = parseOptions(words, BACKUP_OPTIONS) as Invocation<typeof BACKUP_OPTIONS>;
  return { ...context, code: await run(invocation, context, makeBackup) };
}

Deno.test("backup prints the folder to standard output and the summary to standard error", async () => {
  const { code, out, err } = await backup("prod x", ending({}));
  assertEquals(code, 0);
  assertEquals(out.text(), "backups/20260810_020004_prod\n");
  const [first, second, third, headline] = err.text().split("\n");
  assertEquals(first, "Backing up prod (postgres@prod.example.org:5432/shop, label x)");
  assertEquals([second, third], ["prod: reading", ""]);
  assertEquals(headline, "Backup of prod complete: 2 schemas, 3 tables, 101 212 rows, 11.2 MB in 5.4s");
  assertStringIncludes(err.text(), "\nTo restore");
});

Deno.test("backup says nothing but the folder with --quiet", async () => {
  const { out, err } = await backup("prod", ending({}), { quiet: true });
  assertEquals([out.text(), err.text()], ["backups/20260810_020004_prod\n", ""]);
});

Deno.test("backup --no-restore-hint leaves the commands out", async () => {
  const { err } = await backup("prod --no-restore-hint", ending({}));
  assertEquals(err.text().includes("To restore"), false);
});

Deno.test("backup ends with 3 when the backup is incomplete", async () => {
  const { code, err } = await backup("prod", ending({ prod: "incomplete" }));
  assertEquals(code, 3);
  assertStringIncludes(err.text(), "Backup of prod INCOMPLETE, 1 object missing");
});

Deno.test("backup both goes on after a failure, says how each ended, and ends with the worst code", async () => {
  const failure = new PgstrataError("Cannot connect: nobody answers hunter2", { code: "connection", hint: "Wait." });
  const { code, out, err } = await backup("both", ending({ prod: failure }));
  assertEquals(code, 4);
  assertEquals(out.text(), "backups/20260810_020004_staging\n");
  assertStringIncludes(err.text(), "error: Cannot connect: nobody answers ********\nhint: Wait.\n");
  assertEquals(err.text().split("\n").slice(-4), [
    "",
    "prod: FAILED (exit code 4)",
    "staging: complete, backups/20260810_020004_staging",
    "",
  ]);
});

Deno.test("backup --json prints one document with what was done and what failed", async () => {
  const failure = new PgstrataError("Cannot connect: hunter2", { code: "connection", context: { host: "h" } });
  const { code, out } = await backup("both", ending({ prod: failure, staging: "incomplete" }), { json: true });
  assertEquals(code, 4);
  assertEquals(JSON.parse(out.text()), {
    version: 1,
    command: "backup",
    backups: [
      {
        environment: "staging",
        folder: "backups/20260810_020004_staging",
        status: "incomplete",
        label: null,
        layout: "runbook",
        startedAt: "2026-08-10T02:00:04.000Z",
        finishedAt: "2026-08-10T02:00:09.400Z",
        server: { version: "17.6", database: "postgres", host: "db.abcd….supabase.co:5432" },
        client: { version: "17.6", engine: "archive", compression: "zstd:3" },
        tiers: ["full", "schema", "table"],
        schemas: 2,
        tables: 3,
        rows: 101_212,
        bytes: 11_187_747,
        files: 14,
        durations: { connect: 300, lock: 100, read: 4_000, frame: 700, seal: 300, total: 5_400 },
        omissions: [{ kind: "table data", object: "auth.users", reason: "unreadable", severity: "lost" }],
        warnings: [],
      },
    ],
    errors: [
      {
        environment: "prod",
        code: "connection",
        exit: 4,
        message: "Cannot connect: ********",
        causes: [],
        context: { host: "h" },
        hint: null,
      },
    ],
  });
});

Deno.test("backup stops after an interruption and tells the next environments nothing", async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const interrupted: RunBackup = ({ target }, { signal }) => {
    seen.push(target.environment);
    controller.abort(new PgstrataError("Cannot finish: interrupted by SIGINT", { code: "interrupted" }));
    return Promise.reject(new Error(signal.aborted ? "pg_dump was ended" : "the signal was not handed on"));
  };
  const { code, err } = await backup("both", interrupted, { signal: controller.signal });
  assertEquals([code, seen], [130, ["prod"]]);
  assertStringIncludes(err.text(), "warning: stopping: PostgreSQL's programs are ended");
  assertStringIncludes(err.text(), "error: Cannot finish: interrupted by SIGINT\n");
  assertEquals(err.text().includes("pg_dump was ended"), false);
});

Deno.test("backup writes the job's summary page, and goes on if it cannot", async () => {
  const path = await Deno.makeTempFile();
  try {
    const env = { ...ENV, GITHUB_STEP_SUMMARY: path, GITHUB_REPOSITORY_VISIBILITY: "private" };
    await backup("prod", ending({}), { env });
    assertStringIncludes(await Deno.readTextFile(path), "## ✅ Backup of prod: complete");
    const broken = { ...ENV, GITHUB_STEP_SUMMARY: "/nowhere/page.md" };
    const { code, err } = await backup("prod", ending({}), { env: broken });
    assertEquals(code, 0);
    assertStringIncludes(err.text(), "warning: the job's summary page cannot be written");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the job's page names a backup that has no connection string, such as a secret that is not set", async () => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/page.md`;
  const env = { GITHUB_STEP_SUMMARY: path, GITHUB_REPOSITORY_VISIBILITY: "private", DATABASE: "" };
  const error = await assertRejects(
    () => backup("--env prod --url-env DATABASE", ending({}), { env }),
    PgstrataError,
    "there is no connection string",
  );
  assertEquals(error.code, "usage");
  assertStringIncludes(await Deno.readTextFile(path), "## ❌ Backup of prod: failed");
});

Deno.test("backup hands the shelf on: --dir, then PGSTRATA_DIR, then backups", async () => {
  const shelves: string[] = [];
  const note: RunBackup = (options, deps) => {
    shelves.push(options.shelf);
    return ending({})(options, deps);
  };
  await backup("prod", note, { dir: "/a", env: { ...ENV, PGSTRATA_DIR: "/b" } });
  await backup("prod", note, { env: { ...ENV, PGSTRATA_DIR: "/b" } });
  await backup("prod", note, { env: { ...ENV, PGSTRATA_DIR: "" } });
  assertEquals(shelves, ["/a", "/b", "backups"]);
});

Deno.test("backup shows no password anywhere", async () => {
  const loud: RunBackup = ({ target }, { onEvent }) => {
    onEvent({ type: "notice", message: `pg_dump: ${target.password?.reveal()}` });
    onEvent({ type: "warning", message: `pg_dump: ${target.password?.reveal()}` });
    return Promise.reject(new Error(`could not connect with ${target.password?.reveal()}`));
  };
  for (const json of [true, false]) {
    const { out, err } = await backup("prod --url postgresql://u:correct-horse@h/d", loud, { json });
    assert(!(out.text() + err.text()).includes("correct-horse"));
    const other = await backup("prod", loud, { json });
    assert(!(other.out.text() + other.err.text()).includes("hunter2"));
  }
});
