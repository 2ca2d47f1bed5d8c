import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { backupTargets } from "../../tasks/backup_targets.ts";

const URL_TEXT = "postgresql://app:hunter2@db.example.org:5432/shop";
const noInput = () => Promise.reject(new Error("standard input must not be read"));

Deno.test("backupTargets() resolves an environment", async () => {
  const { targets, warnings } = await backupTargets(
    { source: { from: "environment", name: "prod" }, environment: "prod" },
    { DATABASE_URL_PROD: URL_TEXT },
    noInput,
  );
  assertEquals(targets.map(({ environment, database }) => [environment, database]), [["prod", "shop"]]);
  assertEquals(warnings, []);
});

Deno.test("backupTargets() warns of a password in --url, without showing it", async () => {
  const { targets, warnings } = await backupTargets(
    { source: { from: "url", url: URL_TEXT }, environment: "url" },
    {},
    noInput,
  );
  assertEquals(targets.map(({ environment, source }) => [environment, source]), [["url", "--url"]]);
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0] ?? "", "--url-env NAME");
  assertEquals(warnings.join().includes("hunter2"), false);
});

Deno.test("backupTargets() does not warn of --url without a password", async () => {
  const { warnings } = await backupTargets(
    { source: { from: "url", url: "postgresql://app@db.example.org/shop" }, environment: "url" },
    { PGPASSWORD: "hunter2" },
    noInput,
  );
  assertEquals(warnings, []);
});

Deno.test("backupTargets() reads --url - from standard input", async () => {
  const { targets, warnings } = await backupTargets(
    { source: { from: "stdin" }, environment: "url" },
    {},
    () => Promise.resolve(`${URL_TEXT}\n`),
  );
  assertEquals(targets.map(({ user, source }) => [user, source]), [["app", "--url -"]]);
  assertEquals(warnings, []);
});

Deno.test("backupTargets() reads a variable for --url-env", async () => {
  const source = { from: "variable", variable: "MY_URL" } as const;
  const { targets } = await backupTargets({ source, environment: "prod" }, { MY_URL: URL_TEXT }, noInput);
  assertEquals(targets.map(({ environment, source }) => [environment, source]), [["prod", "MY_URL"]]);
});

Deno.test("backupTargets() refuses an empty standard input and a missing variable", async () => {
  const empty = await assertRejects(
    () => backupTargets({ source: { from: "stdin" }, environment: "url" }, {}, () => Promise.resolve(" \n")),
    PgstrataError,
  );
  assertEquals([empty.message, empty.code], ["Cannot read --url -: there is no connection string", "usage"]);
  const missing = await assertRejects(
    () => backupTargets({ source: { from: "variable", variable: "MY_URL" }, environment: "url" }, {}, noInput),
    PgstrataError,
  );
  assertEquals(missing.hint, "The variable MY_URL is not set or empty.");
});
