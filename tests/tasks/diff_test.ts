import { assert, assertEquals, assertFalse, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { manifestText } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { DIFF_OPTIONS } from "../../tasks/commands/diff.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { run } from "../../tasks/diff.ts";
import type { DiffDocument } from "../../tasks/diff_document.ts";
import { diffMarkdown } from "../../tasks/diff_markdown.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { backUp } from "../backup/backup_fixture.ts";
import { fakeManifest } from "../report/fake_manifest.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

async function diff(
  words: readonly string[],
  options: readonly string[],
  given: Partial<TaskContext>,
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext(given);
  const parsed = parseOptions(options, DIFF_OPTIONS) as Invocation<typeof DIFF_OPTIONS>;
  return { ...context, code: await run({ ...parsed, positionals: words }, context) };
}

const server = await testServer(15);

Deno.test("diff compares backups with each other and with their database", async (t) => {
  const database = await server.createDatabase({
    sql:
      "CREATE TABLE public.orders (id int PRIMARY KEY, note text); INSERT INTO public.orders VALUES (1, 'a'), (2, 'b');" +
      "CREATE VIEW public.mine WITH (security_invoker=true) AS SELECT * FROM public.orders;" +
      "CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) FROM public.orders;",
  });
  await using shelf = await TempFolder.create();
  const env = { DATABASE_URL_TEST: database.url, PGSTRATA_PG_BIN: server.tools.folder };
  const given = { dir: shelf.path, env, cwd: shelf.path };
  await backUp(database.url, shelf.path, server.tools, { label: "one" });
  const json = async (words: readonly string[], options: readonly string[] = []) => {
    const { code, out } = await diff(words, options, { ...given, json: true });
    return { code, document: JSON.parse(out.text()) as DiffDocument };
  };

  await t.step("the same ends with 0", async () => {
    const { code, out, err } = await diff(["latest", "test"], [], given);
    assertEquals(code, 0);
    assertStringIncludes(out.text(), "\nThe same.");
    assertMatch(out.text(), /^A {2}\S+ \(backup of [\d :-]+ UTC, PostgreSQL \d+\.\d+\)\nB {2}test \(/);
    assertStringIncludes(err.text(), "Reading test (");
  });

  await t.step("the same with --schema-only, too: that a materialized view is filled is no definition", async () => {
    const { code, document } = await json(["latest", "test"], ["--schema-only"]);
    assertEquals([code, document.same, document.objects], [0, true, []]);
    await database.psql("REFRESH MATERIALIZED VIEW public.counted WITH NO DATA");
    assertEquals((await json(["latest", "test"])).document.objects.map(({ kind }) => kind), ["MATERIALIZED VIEW DATA"]);
    await database.psql("REFRESH MATERIALIZED VIEW public.counted");
  });

  await database.psql(
    "ALTER VIEW public.mine RESET (security_invoker); UPDATE public.orders SET note = 'B`|<b>' WHERE id = 2;",
  );

  await t.step("a difference ends with 3, and security_invoker lost comes first", async () => {
    const { code, out } = await diff(["latest:test", "test"], [], given);
    assertEquals(code, 3);
    const [, , , title, first] = out.text().split("\n");
    assertEquals(title, "LOOK AT THIS FIRST");
    assertStringIncludes(first ?? "", "! public.mine: security_invoker is lost");
    assertStringIncludes(out.text(), "~  public.orders  2 rows as before, other content");
    assert(out.text().endsWith("\nDifferent.\n"));
  });

  await t.step("--json gives one document, from --url-env too", async () => {
    const { code, document } = await json(["latest"], ["--url-env", "DATABASE_URL_TEST"]);
    assertEquals([code, document.version, document.command, document.same], [3, 1, "diff", false]);
    assertEquals(document.after.name, "url");
    assertEquals(document.viewOptions, [{
      schema: "public",
      view: "mine",
      before: ["security_invoker=true"],
      after: [],
    }]);
  });

  await t.step("--table shows the rows, in Markdown without breaking out of it", async () => {
    const { code, document } = await json(["latest", "test"], ["--table", "public.orders"]);
    assertEquals(code, 3);
    assertEquals(document.rows[0]?.changedRows, [
      { key: { id: "2" }, columns: [{ column: "note", before: "b", after: "B`|<b>" }] },
    ]);
    const { out } = await diff(["latest", "test"], ["--table", "public.orders", "--markdown"], given);
    assertStringIncludes(out.text(), '```diff\n! id = 2: note "b" → "B`|<b>"\n```');
  });

  await t.step("docs/contracts.md names every field", async () => {
    const { document } = await json(["latest", "test"], ["--table", "public.orders"]);
    const section = (await Deno.readTextFile(new URL("../../docs/contracts.md", import.meta.url)))
      .split("\n## `diff`\n")[1]?.split("\n## ")[0] ?? "";
    const parts = [document, document.before, document.sizes, ...document.rows];
    const keys = parts.flatMap((part) => Object.keys(part)).filter((key) => key !== "version" && key !== "command");
    assertEquals(keys.filter((key) => !section.includes(`\`${key}\``)), []);
  });

  await t.step("--schema-only leaves rows out, and says so", async () => {
    const { document } = await json(["latest", "test"], ["--schema-only"]);
    assertEquals(document.tables, []);
    assertEquals(document.notes, ["rows are not compared: a side was read without them"]);
  });

  await t.step("the password of the database is nowhere", async () => {
    const secret = "hunter2-secret";
    const url = database.url.replace("postgres@", `postgres:${secret}@`);
    const { out, err } = await diff(["latest", "test"], [], { ...given, env: { ...env, DATABASE_URL_TEST: url } });
    assertFalse(`${out.text()}${err.text()}`.includes(secret));
  });
});

Deno.test("diff says what is wrong with its arguments before it reads anything", async () => {
  await using shelf = await TempFolder.create();
  const put = async (name: string, file: string, text: string) => {
    await Deno.mkdir(join(shelf.path, name));
    await Deno.writeTextFile(join(shelf.path, name, file), text);
  };
  await put("20260810_020004_prod", "manifest.json", manifestText(fakeManifest()));
  await put("20260811_020004_prod", "manifest.json.age", "age");
  await put("20260812_020004_prod", "db_full.dump", "PGDMP");
  const cases:
    readonly (readonly [words: readonly string[], options: readonly string[], code: string, message: string])[] = [
      [["latest"], [], "usage", "Cannot run diff: there is nothing to compare with"],
      [
        ["latest", "prod"],
        ["--url-env", "X"],
        "usage",
        "Cannot run diff: what to compare with is given more than once",
      ],
      [
        ["20260810_020004_prod", "all"],
        [],
        "usage",
        'Cannot find a database for environment "all": DATABASE_URL_<NAME> is not set',
      ],
      [
        ["20260810_020004_prod", "20260811_020004_prod"],
        [],
        "refused",
        "Cannot compare 20260811_020004_prod: it is encrypted",
      ],
      [["20260812_020004_prod", "latest"], [], "usage", "Cannot compare 20260812_020004_prod: it has no manifest"],
      [["a", "b"], ["--table", "orders"], "usage", 'Cannot read --table "orders": it is not SCHEMA.TABLE'],
    ];
  for (const [words, options, code, message] of cases) {
    const error = await assertRejects(
      () => diff(words, options, { dir: shelf.path, cwd: shelf.path }),
      PgstrataError,
    );
    assertEquals([error.code, error.message], [code, message]);
  }
});

Deno.test("Markdown of a difference lets no name mark up anything", () => {
  const hostile = "a|b`</details>**x**";
  const side = {
    kind: "backup",
    name: hostile,
    at: "2026-08-10T02:00:04.000Z",
    environment: "prod",
    database: "shop",
    host: "h",
    serverVersion: "17.6",
    clientVersion: "17.6",
    status: "complete",
    databaseBytes: 1,
    backupBytes: 1,
  } as const;
  const text = diffMarkdown({
    version: 1,
    command: "diff",
    errors: [],
    same: false,
    before: side,
    after: side,
    alerts: [{ kind: "rows_lost", object: hostile, detail: hostile }],
    objects: [{
      change: "changed",
      kind: "TABLE",
      schema: "public",
      name: hostile,
      table: null,
      before: "a",
      after: "b",
      lines: [{ op: "+", text: "```\n# heading" }],
    }],
    tables: [],
    tablesSame: 0,
    sequences: [],
    largeObjects: null,
    extensions: [],
    roles: [],
    grants: [],
    viewOptions: [{ schema: "s", view: hostile, before: [], after: [] }],
    database: [],
    sizes: {
      databaseBefore: 1,
      databaseAfter: 1,
      dataBefore: null,
      dataAfter: null,
      rowsBefore: null,
      rowsAfter: null,
      tablesBefore: null,
      tablesAfter: null,
      backupBefore: null,
      backupAfter: null,
    },
    notes: [hostile],
    rows: [],
  });
  assertFalse(text.includes("</details>"));
  assertFalse(/(?<!\\)\*\*x/.test(text));
  assertStringIncludes(text, "````diff\n+```\n# heading\n````");
  for (const line of text.split("\n").filter((one) => one.startsWith("| s."))) {
    assertEquals(line.match(/(?<!\\)\|/g)?.length, 4, line);
  }
});
