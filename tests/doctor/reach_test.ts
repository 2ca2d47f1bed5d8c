import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { clientsCheck, clientVersionCheck, gssapiCheck, targetChecks } from "../../lib/doctor/mod.ts";
import { examined, expectCheck, PASSWORD, targetOf } from "./doctor_fixture.ts";
import { makeFakeTools } from "./fake_tools.ts";

const REF = "abcdefghijklmnopqrst";
const here = () => Promise.resolve(["127.0.0.1"]);

Deno.test("a transaction pooler's URL (port 6543) is a problem, and the fix is the session pooler's URL", async () => {
  const url = `postgresql://postgres.${REF}:${
    encodeURIComponent(PASSWORD)
  }@aws-0-eu-west-1.pooler.supabase.com:6543/postgres`;
  const { checks } = await examined(targetOf(url), {}, { resolve: here });
  const { fix, message } = expectCheck(checks, "port", "problem");
  assertStringIncludes(message, "port 6543: it is a transaction pooler");
  assertStringIncludes(fix ?? "", "@aws-0-eu-west-1.pooler.supabase.com:5432/postgres");
});

Deno.test("the dedicated pooler of a project is refused in favour of port 5432", async () => {
  const { checks } = await examined(targetOf(`postgresql://postgres@db.${REF}.supabase.co:6543/postgres`), {}, {
    resolve: here,
  });
  assertStringIncludes(expectCheck(checks, "port", "problem").fix ?? "", `db.${REF}.supabase.co:5432`);
});

Deno.test("a host that has only IPv6 where there is no route is explained, with the session pooler as the fix", async () => {
  const target = { ...targetOf(`postgresql://postgres@db.${REF}.supabase.co:5432/postgres`), connectTimeout: 1 };
  // 100::/64 is for discarding (RFC 6666): unreachable, or never answered.
  const { checks, skipped } = await examined(target, {}, { resolve: () => Promise.resolve(["100::1"]) });
  assertEquals(expectCheck(checks, "dns", "ok").details, [`db.${REF}.supabase.co: 0 IPv4 (A), 1 IPv6 (AAAA)`]);
  const route = expectCheck(checks, "route", "problem");
  assertEquals(route.message, "the host has only IPv6 addresses, and this machine cannot reach them");
  assertMatch(route.fix ?? "", /^echo 'SUPABASE_POOLER_HOST_PROD="aws-0-REGION\.pooler\.supabase\.com"' >> \.env/);
  assert(skipped.includes("privileges"), "what stands on the connection is named as skipped");
});

Deno.test("a host name without address is a DNS problem that speaks of paused projects", async () => {
  const resolve = () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
  const { checks } = await examined(targetOf(`postgresql://postgres@db.${REF}.supabase.co/postgres`), {}, { resolve });
  const dns = expectCheck(checks, "dns", "problem");
  assertStringIncludes(dns.message, "the host name is unknown");
  assertStringIncludes(dns.fix ?? "", "paused");
});

Deno.test("a port nobody listens on is a route problem", async () => {
  // One that nobody gets by chance: a service of old that no system has any more.
  const { checks } = await examined(targetOf("postgresql://postgres@127.0.0.1:1/postgres"));
  assertStringIncludes(expectCheck(checks, "route", "problem").message, "nothing listens on that port");
});

for (const kind of ["prefer", "allow", "disable"]) {
  Deno.test(`sslmode=${kind} to another machine is a warning with ?sslmode=require as the fix`, () => {
    const checks = targetChecks(targetOf(`postgresql://u@db.example.test/x?sslmode=${kind}`));
    const { fix } = expectCheck(checks, "tls_mode", "warning");
    assertStringIncludes(fix ?? "", "Add ?sslmode=require to DATABASE_URL_PROD");
  });
}

for (
  const [what, password, fix] of [
    ["in the dashboard's brackets", "[secret]", "Remove the brackets"],
    ["encoded twice", "a%2523b", "Encode it once"],
    ["with a stray space", "secret%20", ".env"],
  ] as const
) {
  Deno.test(`a password ${what} is noticed`, () => {
    const checks = targetChecks(targetOf(`postgresql://u:${password}@db.example.test/x?sslmode=require`));
    assertStringIncludes(expectCheck(checks, "password", "warning").fix ?? "", fix);
  });
}

Deno.test("a PgBouncer's usual port is a warning with pool_mode = session as the fix", () => {
  const checks = targetChecks(targetOf("postgresql://u@db.example.test:6432/x?sslmode=require"));
  assertStringIncludes(expectCheck(checks, "port", "warning").fix ?? "", "pool_mode = session");
});

const POOLER = `postgresql://postgres.${REF}@aws-0-eu-west-1.pooler.supabase.com:5432/postgres`;

Deno.test("a client up to 15 at a pooler is warned of GSSAPI, with PGGSSENCMODE as the fix", () => {
  const [check] = gssapiCheck(makeFakeTools(15, 17), targetOf(POOLER));
  assertStringIncludes(check?.message ?? "", "received invalid response to GSSAPI negotiation");
  assertEquals(check?.fix, "export PGGSSENCMODE=disable");
  assertEquals(gssapiCheck(makeFakeTools(17), targetOf(POOLER)), [], "a new client has no such trouble");
  assertEquals(gssapiCheck(makeFakeTools(15), targetOf("postgresql://u@db.example.test/x")), [], "nor a server itself");
});

Deno.test("gssencmode in the URL with an old client at a pooler is a problem", () => {
  const [check] = gssapiCheck(makeFakeTools(15), targetOf(`${POOLER}?gssencmode=prefer`));
  assertEquals(check?.state, "problem");
  assertStringIncludes(check?.fix ?? "", "Remove gssencmode from DATABASE_URL_PROD");
});

const DEBIAN = { os: "linux", osRelease: "ID=debian\n" };

Deno.test("a client older than the server is a problem with the line that installs the right one", () => {
  const check = clientVersionCheck(makeFakeTools(13, 15), 17, DEBIAN);
  assertEquals(check.state, "problem");
  assertStringIncludes(check.message, "the newest one here is 15.3");
  assertStringIncludes(check.fix ?? "", "apt-get install postgresql-client-17");
});

Deno.test("a client newer than the server is a warning, an equal one is fine", () => {
  assertEquals(clientVersionCheck(makeFakeTools(18), 17, DEBIAN).state, "warning");
  assertEquals(clientVersionCheck(makeFakeTools(17, 18), 17, DEBIAN).state, "ok");
});

Deno.test("no client at all is a problem", () => {
  assertStringIncludes(expectCheck([clientsCheck([])], "clients", "problem").fix ?? "", "apt-get install");
});
