import { assertEquals } from "@std/assert";
import type { DrillTier } from "../../lib/verify/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";
import { ALL_TIERS, drill, makeBackup, outcome } from "./verify_fixture.ts";

for (const major of testedMajors()) {
  const own = await testServer(major);

  Deno.test(`the torture database of PostgreSQL ${major} comes back, but for what pg_dump loses`, async () => {
    const backup = await makeBackup((await own.createDatabase("torture")).url, own.tools);
    // The ends of the range stand for what lies between.
    const tiers: readonly DrillTier[] = major === 13 || major === 17 ? ["full"] : ALL_TIERS;
    const report = await drill(own.tools, backup, { tiers });
    const lost = [
      "full: privilege missing FUNCTION lost.of_extension_too()",
      "full: privilege missing TABLE lost.of_extension",
      "schema: privilege missing FUNCTION lost.of_extension_too()",
      "schema: privilege missing TABLE lost.of_extension",
      "table: rows missing TABLE lost.of_extension: 2 rows are missing: the table is not there",
      "table: privilege missing FUNCTION lost.of_extension_too()",
      "table: privilege missing TABLE lost.of_extension",
      'table: error lost/tables/of_extension/data.sql: relation "lost.of_extension" does not exist',
    ];
    assertEquals(
      outcome(report).map((line) => line.replace(/: the object.*/, "")),
      lost.filter((line) => tiers.some((tier) => line.startsWith(`${tier}:`))),
    );
    assertEquals(report.state, "different");
  });
}
