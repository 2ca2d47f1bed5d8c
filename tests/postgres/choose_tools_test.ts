import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { chooseToolSet, installHint } from "../../lib/postgres/mod.ts";
import { makeToolSet } from "../../lib/postgres/tool_set.ts";

const set = (major: number, folder = `/pg/${major}`) =>
  makeToolSet({ folder, major, version: `${major}.1`, source: "test" });

const DEBIAN = { os: "linux", osRelease: 'PRETTY_NAME="Debian"\nID=debian\nVERSION_CODENAME=bookworm\n' };

Deno.test("chooseToolSet() takes the server's own version without a warning", () => {
  const found = [set(15), set(17), set(17, "/later"), set(18)];
  const choice = chooseToolSet(found, 17, "client");
  assertEquals(choice.tools.folder, "/pg/17");
  assertEquals(choice.warning, undefined);
});

Deno.test("chooseToolSet() takes the next newer version with a warning", () => {
  const found = [set(13), set(17), set(18)];
  const { tools, warning } = chooseToolSet(found, 15, "client");
  assertEquals(tools.major, 17);
  assertEquals(warning, "PostgreSQL 15 is read with the client of version 17: restoring needs pg_restore 17 or newer");
});

Deno.test("chooseToolSet() never takes an older version", () => {
  const error = assertThrows(() => chooseToolSet([set(13), set(15)], 17, "client", DEBIAN), PgstrataError);
  assertEquals(error.exit, 5);
  assertEquals(
    error.message,
    "Cannot find a PostgreSQL client for version 17: the newest one here is 15.1, and an older one cannot be used",
  );
  assertEquals(error.context, { needed: "PostgreSQL 17 or newer", found: "13.1 in /pg/13, 15.1 in /pg/15" });
  assertStringIncludes(error.hint ?? "", "apt-get install postgresql-client-17");
});

Deno.test("chooseToolSet() says so when nothing is installed", () => {
  const error = assertThrows(() => chooseToolSet([], 17, "server", DEBIAN), PgstrataError);
  assertEquals(error.message, "Cannot find a PostgreSQL server for version 17: none is installed");
  assertStringIncludes(error.hint ?? "", "apt-get install postgresql-17.");
});

const HINTS: readonly [string, string, string, string][] = [
  ["Debian", "ID=debian", "linux", "apt-get install postgresql-client-17"],
  ["Ubuntu", "ID=ubuntu\nID_LIKE=debian", "linux", "apt.postgresql.org"],
  ["Mint, by ID_LIKE", 'ID=linuxmint\nID_LIKE="ubuntu debian"', "linux", "apt-get install postgresql-client-17"],
  ["Rocky", 'ID="rocky"\nID_LIKE="rhel centos fedora"', "linux", "dnf install postgresql17"],
  ["Alpine", "ID=alpine", "linux", "apk add postgresql17-client"],
  ["Arch", "ID=arch", "linux", "pacman -S postgresql-libs"],
  ["openSUSE", 'ID="opensuse-leap"\nID_LIKE="suse opensuse"', "linux", "zypper install postgresql17"],
  ["macOS", "", "darwin", "brew install postgresql@17"],
  ["Windows", "", "windows", "winget install PostgreSQL.PostgreSQL.17"],
  ["an unknown system", "", "linux", "PGSTRATA_PG_BIN"],
];

for (const [name, osRelease, os, expected] of HINTS) {
  Deno.test(`installHint() gives the line for ${name}`, () => {
    assertStringIncludes(installHint(17, osRelease, os), expected);
  });
}
