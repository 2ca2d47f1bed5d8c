import { assertEquals } from "@std/assert";
import type { TocEntry } from "../../lib/archive/mod.ts";
import type { Relation } from "../../lib/inventory/mod.ts";
import { dataOfMissingExtensions } from "../../lib/restore/extension_data.ts";

function entry(dumpId: number, desc: string, namespace: string | null, tag: string, defn = ""): TocEntry {
  return { dumpId, desc, namespace, tag, defn } as TocEntry;
}

const CRON = entry(1, "EXTENSION", null, "pg_cron", "CREATE EXTENSION IF NOT EXISTS pg_cron WITH SCHEMA pg_catalog;\n");
const POSTGIS = entry(2, "EXTENSION", null, "postgis", 'CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA "Geo";\n');
const ENTRIES = [
  CRON,
  POSTGIS,
  entry(3, "TABLE", "public", "orders"),
  entry(4, "TABLE DATA", "public", "orders"),
  entry(5, "TABLE DATA", "cron", "job"),
  entry(6, "SEQUENCE SET", "cron", "jobid_seq"),
  entry(7, "TABLE DATA", "Geo", "spatial_ref_sys"),
];

const CASES: readonly [missing: readonly TocEntry[], relations: readonly string[], found: readonly number[]][] = [
  [[], [], []],
  [[CRON], [], [5, 6]],
  [[POSTGIS], [], [7]],
  [[POSTGIS], ["cron.job", "cron.jobid_seq"], [7]],
  [[CRON, POSTGIS], [], [5, 6, 7]],
];

for (const [missing, relations, found] of CASES) {
  const without = missing.map(({ tag }) => tag).join(", ") || "nothing";
  Deno.test(`rows of extensions' tables are left out when ${without} is missing and ${relations.length} relations are there`, () => {
    const there = relations.map((name) => name.split(".")).map(([schema, name]) => ({ schema, name }) as Relation);
    assertEquals([...dataOfMissingExtensions(ENTRIES, missing, { relations: there })], [...found]);
  });
}
