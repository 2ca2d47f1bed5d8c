import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { isEnvironmentName, knownEnvironments, resolveTargets } from "../../lib/connection/environment.ts";
import { maskedTarget } from "../../lib/connection/masked_target.ts";
import { refuseUnusable } from "../../lib/connection/refusal.ts";
import { parseConnectionString } from "../../lib/connection/connection_string.ts";

const REF = "abcdefghijklmnopqrst";
const url = (name: string) => `postgresql://u:secret@${name}.example/db`;
const USER = { USER: "me" };

const KNOWN: readonly [Record<string, string>, string[]][] = [
  [{}, []],
  [{ DATABASE_URL: url("a") }, ["staging"]],
  [{ DATABASE_URL: url("a"), DATABASE_URL_STAGING: url("b"), DATABASE_URL_PROD: url("c") }, ["prod", "staging"]],
  [{ DATABASE_URL_EU_WEST: url("a"), DATABASE_URL_PROD: "" }, ["eu-west"]],
  [{ SUPABASE_PROJECT_REF_DEV: REF, SUPABASE_DB_PASSWORD_DEV: "x", SUPABASE_PROJECT_REF_PROD: REF }, ["dev"]],
  [{ PGHOST: "h" }, ["default"]],
  [{ PGHOST: "h", DATABASE_URL_PROD: url("a") }, ["prod"]],
];
for (const [env, expected] of KNOWN) {
  Deno.test(`knownEnvironments() finds ${expected.join(", ") || "none"} in ${Object.keys(env).join(", ") || "nothing"}`, () => {
    assertEquals(knownEnvironments(env), expected);
  });
}

Deno.test("isEnvironmentName() knows fixed words and what is configured, and takes the rest for labels", () => {
  const env = { DATABASE_URL_EU_WEST: url("a") };
  for (const word of ["prod", "staging", "dev", "both", "all", "eu-west", "eu_west"]) {
    assertEquals(isEnvironmentName(word, env), true, word);
  }
  for (const word of ["pre-deploy", "qa", "default", ""]) assertEquals(isEnvironmentName(word, env), false, word);
});

const RESOLVED: readonly [string | undefined, Record<string, string>, string[]][] = [
  [undefined, { DATABASE_URL: url("legacy") }, ["staging DATABASE_URL u@legacy.example:5432/db"]],
  [undefined, { DATABASE_URL: url("legacy"), DATABASE_URL_STAGING: url("s") }, [
    "staging DATABASE_URL_STAGING u@s.example:5432/db",
  ]],
  [undefined, { PGHOST: "h", PGUSER: "u" }, ["default PG* variables u@h:5432/u"]],
  ["prod", { DATABASE_URL_PROD: url("p"), PGHOST: "h" }, ["prod DATABASE_URL_PROD u@p.example:5432/db"]],
  ["EU_West", { DATABASE_URL_EU_WEST: url("e") }, ["eu-west DATABASE_URL_EU_WEST u@e.example:5432/db"]],
  ["both", { DATABASE_URL: url("s"), DATABASE_URL_PROD: url("p") }, [
    "prod DATABASE_URL_PROD u@p.example:5432/db",
    "staging DATABASE_URL u@s.example:5432/db",
  ]],
  ["both", { DATABASE_URL_DEV: url("d"), DATABASE_URL_PROD: url("p") }, [
    "prod DATABASE_URL_PROD u@p.example:5432/db",
    "dev DATABASE_URL_DEV u@d.example:5432/db",
  ]],
  ["all", { DATABASE_URL_X: url("x"), DATABASE_URL_PROD: url("p") }, [
    "prod DATABASE_URL_PROD u@p.example:5432/db",
    "x DATABASE_URL_X u@x.example:5432/db",
  ]],
  ["prod", { SUPABASE_PROJECT_REF_PROD: REF, SUPABASE_DB_PASSWORD_PROD: "x" }, [
    "prod SUPABASE_PROJECT_REF_PROD postgres@db.abcd….supabase.co:5432/postgres",
  ]],
  ["prod", {
    SUPABASE_PROJECT_REF_PROD: REF,
    SUPABASE_DB_PASSWORD_PROD: "x",
    SUPABASE_POOLER_HOST_PROD: "aws-0-eu-west-1.pooler.supabase.com",
  }, ["prod SUPABASE_PROJECT_REF_PROD postgres.abcd…@aws-0-eu-west-1.pooler.supabase.com:5432/postgres"]],
  ["prod", {
    DATABASE_URL_PROD: `postgresql://postgres:x@db.${REF}.supabase.co/postgres`,
    SUPABASE_POOLER_HOST_PROD: "postgresql://postgres.x@aws-1-us-east-1.pooler.supabase.com:6543/postgres",
  }, ["prod DATABASE_URL_PROD postgres.abcd…@aws-1-us-east-1.pooler.supabase.com:5432/postgres"]],
];
for (const [name, env, expected] of RESOLVED) {
  Deno.test(`resolveTargets(${name}) finds ${expected.join(" and ")}`, () => {
    const targets = resolveTargets(name, { ...USER, ...env });
    assertEquals(targets.map((target) => `${target.environment} ${target.source} ${maskedTarget(target)}`), expected);
  });
}

Deno.test("resolveTargets() takes the password of a URL without one from SUPABASE_DB_PASSWORD_<ENV>", () => {
  const [target] = resolveTargets("prod", { DATABASE_URL_PROD: "postgresql://u@h/d", SUPABASE_DB_PASSWORD_PROD: "x" });
  assertEquals(target?.password?.reveal(), "x");
});

const REFUSED: readonly [string | undefined, Record<string, string>, RegExp, RegExp][] = [
  [
    undefined,
    {},
    /"staging": DATABASE_URL_STAGING is not set|DATABASE_URL/,
    /DATABASE_URL is taken for staging.*No environment is configured/,
  ],
  ["prod", { DATABASE_URL: url("s") }, /DATABASE_URL_PROD is not set/, /Configured: staging/],
  ["both", { DATABASE_URL_PROD: url("p") }, /"staging"/, /DATABASE_URL_STAGING/],
  [
    "produktion",
    { DATABASE_URL_PRODUCTION: url("p") },
    /DATABASE_URL_PRODUKTION is not set/,
    /Did you mean "production"/,
  ],
  ["x", { DATABASE_URL_PROD: url("p") }, /DATABASE_URL_X is not set/, /^Set DATABASE_URL_X=/],
  ["all", {}, /DATABASE_URL_<NAME> is not set/, /No environment/],
  ["prod", { SUPABASE_PROJECT_REF_PROD: REF }, /password is missing/, /SUPABASE_DB_PASSWORD_PROD/],
  [
    "prod",
    { SUPABASE_PROJECT_REF_PROD: "https://x", SUPABASE_DB_PASSWORD_PROD: "x" },
    /not a project reference/,
    /dashboard/,
  ],
];
for (const [name, env, message, hint] of REFUSED) {
  Deno.test(`resolveTargets(${name}) with ${Object.keys(env).join(", ") || "nothing"} says what to set`, () => {
    const error = assertThrows(() => resolveTargets(name, { ...USER, ...env }), PgstrataError);
    assertEquals(error.code, "usage");
    assertMatch(error.message, message);
    assertMatch(error.hint ?? "", hint);
  });
}

function target(text: string) {
  return parseConnectionString(text, { environment: "prod", source: "--url", env: USER });
}

Deno.test("refuseUnusable() refuses transaction poolers and shows the right URL without the password", () => {
  const shared = assertThrows(
    () =>
      refuseUnusable(target(`postgresql://postgres.${REF}:hunter2@aws-0-eu-west-1.pooler.supabase.com:6543/postgres`)),
    PgstrataError,
  );
  assertEquals(shared.code, "connection");
  assertMatch(
    shared.hint ?? "",
    new RegExp(`postgresql://postgres.${REF}:\\*+@aws-0-eu-west-1.pooler.supabase.com:5432/postgres`),
  );
  assertEquals(`${shared.message}${shared.hint}${JSON.stringify(shared.context)}`.includes("hunter2"), false);
  const dedicated = assertThrows(
    () => refuseUnusable(target(`postgresql://postgres:hunter2@db.${REF}.supabase.co:6543/postgres`)),
    PgstrataError,
  );
  assertMatch(dedicated.hint ?? "", new RegExp(`@db.${REF}.supabase.co:5432/postgres`));
});

Deno.test("refuseUnusable() lets everything else pass", () => {
  for (
    const text of [
      "postgresql://u@h/d",
      "postgresql://u@h:6543/d",
      `postgresql://postgres@db.${REF}.supabase.co/postgres`,
      `postgresql://postgres.${REF}@aws-0-eu-west-1.pooler.supabase.com:5432/postgres`,
    ]
  ) refuseUnusable(target(text));
});

Deno.test("maskedTarget() shows where, but no password and no whole project reference", () => {
  assertEquals(maskedTarget(target("postgresql://u:p@h,[::1]:5/d")), "u@h:5432,[::1]:5/d");
  assertEquals(maskedTarget(target("postgresql://u@%2Frun/d")), "u@/run:5432/d");
});
