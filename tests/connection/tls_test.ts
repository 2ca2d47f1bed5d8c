import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { openSession, type PinnedTarget, pinTarget, type SslMode, toolEnvironment } from "../../lib/connection/mod.ts";
import { SUPERUSER, TestServer } from "./server_fixture.ts";

const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };
const MODES: readonly SslMode[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

let server: TestServer;
let withoutTls: TestServer;
Deno.test.beforeAll(async () => {
  [server, withoutTls] = await Promise.all([TestServer.start(), TestServer.start({ ssl: "off" })]);
  for (const each of [server, withoutTls]) {
    await using admin = await openSession(each.target());
    await admin.execute(
      "CREATE ROLE tls_only LOGIN PASSWORD 'x'; CREATE ROLE plain_only LOGIN PASSWORD 'x'; CREATE ROLE by_cert LOGIN",
    );
  }
});
Deno.test.afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await withoutTls[Symbol.asyncDispose]();
});

const SSL = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";

/** `t`, `f` (connected, encrypted or not) or `refused`, for psql. */
async function byPsql(target: PinnedTarget): Promise<string> {
  await using folder = await TempFolder.create();
  try {
    const output = await processText({
      program: "psql",
      args: ["-X", "-A", "-t", "-w", "-c", SSL],
      env: await toolEnvironment(target, folder.path),
    });
    return output.trim();
  } catch {
    return "refused";
  }
}

/** The same for our driver. */
async function byDriver(target: PinnedTarget): Promise<string> {
  try {
    await using session = await openSession(target, { retry: ONCE, retryFull: ONCE });
    const [row] = await session.query<{ ssl: boolean }>(SSL);
    assertEquals(session.encrypted, row?.ssl, "the session's own word on encryption");
    return row?.ssl === true ? "t" : "f";
  } catch (error) {
    if (error instanceof PgstrataError && error.code === "connection") return "refused";
    throw error;
  }
}

const x = new Secret("x");
const SITUATIONS: readonly [string, () => Partial<PinnedTarget>][] = [
  ["any user", () => ({})],
  ["a user that must use TLS", () => ({ user: "tls_only", password: x })],
  ["a user that must not use TLS", () => ({ user: "plain_only", password: x })],
  ["a server without TLS", () => ({ port: withoutTls.port })],
  ["a wrong password", () => ({ password: new Secret("wrong") })],
  ["the right authority", () => ({ sslrootcert: server.ca })],
  ["the right authority and name", () => ({ sslrootcert: server.ca, host: "db.test" })],
  ["the right authority and a wrong name", () => ({ sslrootcert: server.ca, host: "other.test" })],
  ["a strange authority", () => ({ sslrootcert: join(server.folder, "stranger.crt"), host: "db.test" })],
  ["a missing authority file", () => ({ sslrootcert: "/nowhere/root.crt", host: "db.test" })],
  ["the system's authorities", () => ({ sslrootcert: "/etc/ssl/certs/ca-certificates.crt", host: "db.test" })],
  ["a socket", () => ({ host: server.folder, hostaddr: undefined as never })],
  ["a client certificate", () => ({
    user: "by_cert",
    sslcert: join(server.folder, "client.crt"),
    sslkey: join(server.folder, "own_client.key"),
  })],
  ["no client certificate", () => ({ user: "by_cert" })],
];

for (const [what, change] of SITUATIONS) {
  for (const sslmode of MODES) {
    Deno.test(`psql and openSession() come to the same end with sslmode=${sslmode} and ${what}`, async () => {
      const target = clean(server.target({ sslmode, ...change() }));
      const [psql, driver] = [await byPsql(target), await byDriver(target)];
      assertEquals(driver, psql);
    });
  }
}

/** Without the keys that are undefined. */
function clean(target: PinnedTarget): PinnedTarget {
  return Object.fromEntries(
    Object.entries(target).filter(([, value]) => value !== undefined),
  ) as unknown as PinnedTarget;
}

const MESSAGES: readonly [string, () => Partial<PinnedTarget>, RegExp, RegExp][] = [
  [
    "a name the certificate does not have",
    () => ({ sslmode: "verify-full", sslrootcert: server.ca, host: "other.test" }),
    /is for another name/,
    /verify-ca/,
  ],
  [
    "an unknown authority",
    () => ({ sslmode: "verify-ca", sslrootcert: join(server.folder, "stranger.crt") }),
    /is not trusted/,
    /sslrootcert=FILE/,
  ],
  [
    "a missing root certificate",
    () => ({ sslmode: "verify-full" }),
    /needs a root certificate file, and none exists/,
    /sslrootcert=system/,
  ],
  [
    "a root certificate file that is named and not there",
    () => ({ sslmode: "verify-full", sslrootcert: join(server.folder, "nowhere.crt") }),
    /needs a root certificate file, and \S+nowhere\.crt does not/,
    /sslrootcert=system/,
  ],
  [
    "a server without TLS",
    () => ({ sslmode: "require", port: withoutTls.port }),
    /encrypted connection could not be set up/,
    /sslmode/,
  ],
  [
    "a key open to others",
    () => ({
      sslmode: "require",
      sslcert: join(server.folder, "client.crt"),
      sslkey: server.ca,
    }),
    /open to other users/,
    /chmod 600/,
  ],
  [
    "a required channel binding",
    () => ({ sslmode: "require", channelBinding: "require" }),
    /no channel binding/,
    /verify-full/,
  ],
];
for (const [what, change, message, hint] of MESSAGES) {
  Deno.test(`openSession() explains ${what}`, async () => {
    const error = await assertRejects(() => openSession(server.target(change()), { retry: ONCE }), PgstrataError);
    assertEquals(error.code, "connection");
    assertMatch([error.message, (error.cause as Error | undefined)?.message].join("\n"), message);
    assertMatch(error.hint ?? "", hint);
  });
}

Deno.test("pinTarget() finds libpq's default certificate files in the home folder for both", async () => {
  await using home = await TempFolder.create();
  await Deno.mkdir(join(home.path, ".postgresql"));
  await Deno.copyFile(join(server.folder, "stranger.crt"), join(home.path, ".postgresql", "root.crt"));
  const target = server.target({ sslmode: "require" });
  const strange = await pinTarget({ ...target, home: home.path });
  assertEquals([await byDriver(strange), await byPsql(strange)], ["refused", "refused"]);
  await Deno.copyFile(server.ca, join(home.path, ".postgresql", "root.crt"));
  const right = await pinTarget({ ...target, home: home.path });
  assertEquals([await byDriver(right), await byPsql(right)], ["t", "t"]);
  assertEquals(right.user, SUPERUSER);
});
