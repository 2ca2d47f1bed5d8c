import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { ciOrigin } from "../../lib/catalog/ci_origin.ts";
import { checkLabel } from "../../lib/catalog/label.ts";
import { type FolderMeta, LAYOUTS } from "../../lib/catalog/layout.ts";

const time = new Date("2026-03-04T05:06:07.890Z");
const meta: FolderMeta = { time, environment: "prod", label: null, origin: ciOrigin({}), several: false };

Deno.test("the runbook layout names everything as the runbook does", () => {
  const layout = LAYOUTS.runbook;
  assertEquals(layout.folder(meta), "20260304_050607_prod");
  assertEquals(layout.folder({ ...meta, label: "pre-upgrade" }), "20260304_050607_prod_pre-upgrade");
  assertEquals(layout.folder({ ...meta, environment: "eu_west", label: "a_b" }), "20260304_050607_eu-west_a_b");
  assertEquals(layout.folder({ ...meta, several: true }), "20260304_050607_prod");
  assertEquals(layout.latest(meta), null);
  assertEquals(layout.fullArchive(time), "db_full.dump");
  assertEquals(layout.schemaArchive("public", time), "public/public_schema_20260304_050607.dump");
  assertEquals(layout.tableFolder("public", "a%2Fb"), "public/tables/a%2Fb");
  assertEquals(layout.sequencesFile("public"), "public/sequences.sql");
});

Deno.test("the ci layout names everything as the workflow does", () => {
  const layout = LAYOUTS.ci;
  const origin = ciOrigin({
    GITHUB_REPOSITORY: "acme/shop--api",
    GITHUB_EVENT_NAME: "workflow_dispatch",
    GITHUB_SHA: "0123456789abcdef",
  });
  assertEquals(
    layout.folder({ ...meta, origin }),
    "archive/2026-03-04T05-06-07Z--shop-api--workflow_dispatch--0123456",
  );
  assertEquals(layout.latest({ ...meta, origin }), "latest/latest_2026-03-04T05-06-07Z");
  assertEquals(layout.latest({ ...meta, several: true }), "prod/latest/latest_2026-03-04T05-06-07Z");
  assertEquals(layout.folder({ ...meta, several: true }), "prod/archive/2026-03-04T05-06-07Z--local--manual--0000000");
  assertEquals(layout.fullArchive(time), "database_full_2026-03-04T05-06-07Z.dump");
  assertEquals(layout.schemaArchive("public", time), "public/public_schema_2026-03-04T05-06-07Z.dump");
});

Deno.test("ciOrigin() prefers given values and makes any of them a safe part of a name", () => {
  const env = { GITHUB_REPOSITORY: "acme/shop", GITHUB_EVENT_NAME: "push", GITHUB_SHA: "ffffffffff" };
  assertEquals(ciOrigin(env, { repository: "../../etc", event: "a b/c", sha: "" }), {
    repository: "etc",
    event: "a-b-c",
    sha7: "0000000",
  });
});

for (const label of ["pre-upgrade", "v1.2.3", "2026", "a_b", "x".repeat(80)]) {
  Deno.test(`checkLabel() takes ${label}`, () => assertEquals(checkLabel(label), label));
}

const REFUSED = [
  ["before release", "before-release"],
  ["-x", "x"],
  ["../up", "up"],
  ["größer", "gro-er"],
  ["end.", "end"],
  ["x.partial", null],
  ["", null],
  ["x".repeat(81), "x".repeat(80)],
] as const;

for (const [label, proposal] of REFUSED) {
  Deno.test(`checkLabel() refuses ${JSON.stringify(label)} and proposes ${proposal ?? "nothing"}`, () => {
    const error = assertThrows(() => checkLabel(label), PgstrataError);
    assertEquals(error.code, "usage");
    assertMatch(error.message, /^Cannot use label/);
    assertEquals(/For example: (.*)$/.exec(error.hint ?? "")?.[1] ?? null, proposal);
  });
}

Deno.test("an environment that cannot stand in a folder name is refused", () => {
  for (const environment of ["", "a/b", "-x", "..", "ä", "x".repeat(64)]) {
    assertEquals(assertThrows(() => LAYOUTS.runbook.folder({ ...meta, environment }), PgstrataError).code, "usage");
  }
});
