import { assertEquals, assertStringIncludes } from "@std/assert";
import { cacheFolder, ensurePostgres } from "../../scripts/postgres_versions.ts";
import { testedMajors } from "../../scripts/test_server.ts";
import { TempFolder } from "../../lib/system/mod.ts";

const SCRIPT = new URL("../../scripts/postgres_versions.ts", import.meta.url).pathname;

/** Runs the script as its own process. */
async function install(args: readonly string[], env: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", SCRIPT, ...args],
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (const major of testedMajors()) {
  Deno.test(`PostgreSQL ${major} is here, client and server`, async () => {
    const bin = await ensurePostgres(major);
    for (const program of ["postgres", "initdb", "pg_dump", "pg_dumpall", "pg_restore", "psql", "pg_basebackup"]) {
      const { stdout } = await new Deno.Command(`${bin}/${program}`, { args: ["--version"] }).output();
      assertStringIncludes(new TextDecoder().decode(stdout), `(PostgreSQL) ${major}`);
    }
  });
}

Deno.test("a version that no Debian release has is refused", async () => {
  const { code, stderr } = await install(["12"], {});
  assertEquals(code, 5);
  assertStringIncludes(stderr, "Cannot install PostgreSQL 12: only 13, 15, 17, 18 can be installed here");
});

Deno.test("without apt the error says so", async () => {
  await using cache = await TempFolder.create();
  const { code, stderr } = await install(["13"], { PATH: "/nonexistent", PGSTRATA_POSTGRES_CACHE: cache.path });
  assertEquals(code, 5);
  assertStringIncludes(stderr, "Cannot install PostgreSQL 13: this machine has no apt");
  assertStringIncludes(stderr, "hint:");
  assertEquals([...Deno.readDirSync(cache.path)].map((entry) => entry.name), ["13.lock"]);
});

Deno.test("anything but a version is wrong usage", async () => {
  assertEquals((await install(["latest"], {})).code, 2);
  assertEquals((await install([], {})).code, 2);
});

Deno.test("cacheFolder() is where the environment says, else where the server's user can read it", () => {
  const named = Deno.env.get("PGSTRATA_POSTGRES_CACHE");
  assertEquals(cacheFolder().startsWith("/root/"), named?.startsWith("/root/") ?? false);
});

if (testedMajors().includes(13)) {
  Deno.test("two processes that install the same version at once install it once", async () => {
    await using cache = await TempFolder.create();
    const env = { PGSTRATA_POSTGRES_CACHE: cache.path };
    const [first, second] = await Promise.all([install(["13"], env), install(["13"], env)]);
    assertEquals([first.code, second.code], [0, 0], first.stderr + second.stderr);
    assertEquals(first.stdout, second.stdout);
    assertEquals([...Deno.readDirSync(cache.path)].map((entry) => entry.name).sort(), ["13", "13.lock"]);
  });
}
