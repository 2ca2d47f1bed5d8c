import { assert, assertEquals } from "@std/assert";
import { figuresOf, folderTree, headline, schemaState, summaryMarkdown, summaryText } from "../../lib/report/mod.ts";
import { fakeManifest, fakeTable } from "./fake_manifest.ts";
import { summaryFixture } from "./summary_fixture.ts";

const EXPECTED = new URL("expected/", import.meta.url);

const WHOLE: readonly (readonly [string, string])[] = [
  ["summary_complete.txt", summaryText(fakeManifest())],
  [
    "summary_incomplete.txt",
    summaryText(summaryFixture(), {
      folder: "backups/20260810_020004_prod_pre-upgrade",
      tables: 3,
      notes: 2,
      ownCommand: true,
    }),
  ],
  ["summary_complete.md", summaryMarkdown(fakeManifest(), { names: true })],
  ["summary_incomplete.md", summaryMarkdown(summaryFixture(), { names: true })],
  ["summary_public.md", summaryMarkdown(summaryFixture(), { names: false })],
];

for (const [file, text] of WHOLE) {
  // After a wanted change: UPDATE_EXPECTED=1 deno test -A tests/report, then look at the difference.
  Deno.test(`the summary is exactly tests/report/expected/${file}`, async () => {
    const path = new URL(file, EXPECTED);
    if (Deno.env.get("UPDATE_EXPECTED")) await Deno.writeTextFile(path, text);
    assertEquals(text, await Deno.readTextFile(path));
  });
}

Deno.test("no summary lets a control character through", () => {
  for (const [file, text] of WHOLE) {
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(text), file);
  }
});

Deno.test("a summary for everybody names no schema, table, host or project", () => {
  const text = summaryMarkdown(summaryFixture(), { names: false });
  for (
    const name of [
      "auth",
      "public/",
      "evil",
      "日本",
      "queue",
      "supabase",
      "abcdefghijklmnopqrst",
      "the client is newer",
    ]
  ) {
    assert(!text.includes(name), name);
  }
});

Deno.test("summaryText() without a hint, and of an empty database", () => {
  const text = summaryText(
    fakeManifest({
      tables: [],
      schemas: [],
      files: [],
      durations: {},
      tiers: [],
    }),
    { restoreHint: false },
  );
  assertEquals(text.split("\n")[0], "Backup of prod complete: 0 schemas, 0 tables, 0 rows, 0 B in 5.4s");
  assert(!text.includes("To restore") && !text.includes("Speed"));
});

Deno.test("headline() counts in singular where there is one", () => {
  const manifest = fakeManifest({ tables: [fakeTable("a", "b", { rows: 1 })] });
  assertEquals(headline(manifest), "Backup of prod complete: 1 schema, 1 table, 1 row, 1.3 MB in 5.4s");
});

Deno.test("figuresOf() counts bytes by tier, rows and the rate of reading", () => {
  assertEquals(figuresOf(fakeManifest()), {
    rows: 101_212,
    dataBytes: 9_820_480,
    tierBytes: { full: 1_234_567, schema: 120_000, table: 9_823_180, root: 10_000 },
    tierFiles: { full: 1, schema: 2, table: 6, root: 5 },
    totalBytes: 11_187_747,
    duration: 5_400,
    rate: 2.45512,
  });
});

Deno.test("schemaState() looks at the schema itself, also where its name has dots or quotes", () => {
  const tables = [fakeTable("a", "x"), fakeTable("a.b", "x"), fakeTable('q"q', "x")];
  const manifest = fakeManifest({
    tables,
    omissions: [
      { kind: "table data", object: '"a.b".x', reason: "r", severity: "lost" },
      { kind: "table data", object: '"q""q".x', reason: "r", severity: "excluded" },
    ],
  });
  assertEquals(manifest.schemas.map((schema) => [schema.name, schemaState(manifest, schema)]), [
    ["a", "ok"],
    ["a.b", "incomplete"],
    ['q"q', "ok (some left out)"],
  ]);
});

Deno.test("summaries of 5 000 tables are made in a moment", () => {
  const tables = Array.from({ length: 5_000 }, (_, index) => fakeTable(`s${index % 100}`, `t${index}`));
  const manifest = fakeManifest({
    tables,
    omissions: tables.slice(0, 500).map(({ schema, name }) => ({
      kind: "table data",
      object: `${schema}.${name}`,
      reason: "r",
      severity: "excluded",
    })),
  });
  const start = performance.now();
  summaryText(manifest);
  summaryMarkdown(manifest, { names: true });
  folderTree(manifest.files, { name: "x" });
  assert(performance.now() - start < 60_000);
});

Deno.test("summaryText() leaves the paths of archives out where the screen is too narrow", () => {
  const schemas = (columns: number) => {
    const lines = summaryText(fakeManifest(), { columns }).split("\n");
    return lines.slice(lines.indexOf("Schemas (2)"), lines.indexOf("Tables (3)") - 1);
  };
  assertEquals(schemas(80), [
    "Schemas (2)",
    "  schema  status  tables     rows  archive  table files  time",
    "  auth    ok           1    1 200    40 kB       321 kB  1.2s",
    "  public  ok           2  100 012    80 kB       9.5 MB  2.4s",
    "  total                3  101 212   120 kB       9.8 MB",
    "  Each archive is in its schema's folder; summary.txt names them all.",
  ]);
  assertEquals(schemas(200).at(1)?.endsWith("archive file"), true);
  const others = (columns: number) => /^ {2}other .*$/m.exec(summaryText(fakeManifest(), { columns }))?.[0] ?? "";
  assertEquals(others(60).endsWith("roles, all definitions, versions"), true);
  assertEquals(others(200).includes("roles.sql"), true);
});
