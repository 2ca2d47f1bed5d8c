import { assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import type { Target } from "../../lib/connection/mod.ts";
import { DisposableCluster, findToolSets } from "../../lib/postgres/mod.ts";
import { removeTree } from "../../lib/system/mod.ts";
import {
  type Certificates,
  examined,
  expectCheck,
  makeCertificates,
  PASSWORD,
  QUIET,
  targetOf,
} from "./doctor_fixture.ts";

let folder: string;
let certificates: Certificates;
let good: DisposableCluster;
let expired: DisposableCluster;
Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir();
  certificates = await makeCertificates(folder);
  const [tools] = await findToolSets({ env: {}, need: ["postgres", "initdb"] });
  if (tools === undefined) throw new Error("no PostgreSQL server is installed");
  const start = (tls: Certificates["good"]) =>
    DisposableCluster.start({
      tools,
      settings: QUIET,
      tcp: { password: new Secret(PASSWORD), tls: { ...tls, required: true } },
    });
  [good, expired] = await Promise.all([start(certificates.good), start(certificates.expired)]);
});
Deno.test.afterAll(async () => {
  await good[Symbol.asyncDispose]();
  await expired[Symbol.asyncDispose]();
  await removeTree(folder);
});

/** A target whose host resolves to this machine. */
function target(cluster: DisposableCluster, parameters: string, host = "db.test"): Target {
  return targetOf(`postgresql://postgres@${host}:${cluster.port}/postgres?${parameters}`);
}
const deps = { resolve: () => Promise.resolve(["127.0.0.1"]) };

Deno.test("a server with a good certificate and the right authority passes with verify-full", async () => {
  const { checks, skipped } = await examined(
    target(good, `sslmode=verify-full&sslrootcert=${certificates.ca}`),
    {},
    deps,
  );
  expectCheck(checks, "tls", "ok");
  assertMatch(expectCheck(checks, "certificate", "ok").message, /valid until \d{4}-\d\d-\d\d/);
  expectCheck(checks, "login", "ok");
  if (skipped.length > 0) throw new Error(`skipped: ${skipped}`);
});

Deno.test("an authority that is not trusted is a TLS problem with sslrootcert as the fix", async () => {
  const url = `sslmode=verify-full&sslrootcert=${certificates.stranger}`;
  const { checks, skipped } = await examined(target(good, url), {}, deps);
  const { message, fix } = expectCheck(checks, "tls", "problem");
  assertStringIncludes(message, "certificate is not trusted");
  assertStringIncludes(fix ?? "", "sslrootcert=FILE");
  assertStringIncludes(skipped.join(" "), "privileges");
});

Deno.test("a root certificate file that is missing is a TLS problem", async () => {
  const url = `sslmode=verify-ca&sslrootcert=${join(folder, "missing.crt")}`;
  const { checks } = await examined(target(good, url), {}, deps);
  assertStringIncludes(expectCheck(checks, "tls", "problem").message, "needs a root certificate file");
});

Deno.test("a certificate for another name is a problem with verify-full, and verify-ca is the fix", async () => {
  const url = `sslmode=verify-full&sslrootcert=${certificates.ca}`;
  const { checks } = await examined(target(good, url, "other.test"), {}, deps);
  assertStringIncludes(expectCheck(checks, "certificate", "problem").message, "is not for other.test");
  assertStringIncludes(expectCheck(checks, "tls", "problem").fix ?? "", "verify-ca");
});

Deno.test("an expired certificate is a problem where it is checked, and a warning where it is not", async () => {
  const checked = await examined(target(expired, `sslmode=verify-ca&sslrootcert=${certificates.ca}`), {}, deps);
  assertMatch(expectCheck(checked.checks, "certificate", "problem").message, /expired on \d{4}-\d\d-\d\d/);
  expectCheck(checked.checks, "tls", "problem");
  const unchecked = await examined(target(expired, "sslmode=require"), {}, deps);
  assertStringIncludes(
    expectCheck(unchecked.checks, "certificate", "warning").fix ?? "",
    "Renew the server's certificate",
  );
  expectCheck(unchecked.checks, "login", "ok");
});

Deno.test("a certificate that ends soon is a warning with the days left", async () => {
  const now = new Date(Date.now() + 50 * 86_400_000);
  const { checks } = await examined(target(good, "sslmode=require"), { now }, deps);
  assertMatch(expectCheck(checks, "certificate", "warning").message, /expires in (?:9|10) days/);
});

Deno.test("a server that takes only TLS says so to sslmode=disable", async () => {
  const { checks } = await examined(target(good, "sslmode=disable"), {}, deps);
  const { message, fix } = expectCheck(checks, "tls", "problem");
  assertStringIncludes(message, "takes only encrypted connections");
  assertStringIncludes(fix ?? "", "sslmode=require");
});

Deno.test("a wrong password is a login problem that speaks of encoding and quotes", async () => {
  const wrong = { ...target(good, "sslmode=require"), password: new Secret("wrong-password") };
  const { checks } = await examined(wrong, {}, deps);
  const { message, fix } = expectCheck(checks, "login", "problem");
  assertStringIncludes(message, "the password is wrong");
  assertStringIncludes(fix ?? "", "percent-encoded");
});

Deno.test("a database that does not exist is a login problem", async () => {
  const missing = { ...target(good, "sslmode=require"), database: "nowhere" };
  const { checks } = await examined(missing, {}, deps);
  assertStringIncludes(expectCheck(checks, "login", "problem").message, 'database "nowhere" does not exist');
});
