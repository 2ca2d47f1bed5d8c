import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { findToolSets } from "../../lib/postgres/mod.ts";
import { expand, toolPlaces } from "../../lib/postgres/tool_places.ts";
import { TempFolder } from "../../lib/system/mod.ts";

const NEED = ["pg_dump", "pg_restore"];

/** Makes programs that print a version and do nothing else. */
async function fakeTools(folder: string, version: string, names: readonly string[] = NEED): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of names) {
    await Deno.writeTextFile(join(folder, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`, {
      mode: 0o755,
    });
  }
  return folder;
}

const places = (...folders: string[]) => folders.map((folder) => ({ folder, source: "test" }));

Deno.test("findToolSets() orders by major version and reads the whole version", async () => {
  await using temp = await TempFolder.create();
  const folders = [
    await fakeTools(`${temp.path}/a`, "17.6 (Debian 17.6-1.pgdg120+1)"),
    await fakeTools(`${temp.path}/b`, "9.6.24"),
    await fakeTools(`${temp.path}/c`, "18beta1"),
  ];
  const found = await findToolSets({ env: {}, need: NEED, places: places(...folders) });
  assertEquals(found.map((tools) => [tools.major, tools.version]), [[9, "9.6.24"], [17, "17.6"], [18, "18beta1"]]);
  assertEquals(found[1]?.program("pg_dump"), join(await Deno.realPath(`${temp.path}/a`), "pg_dump"));
});

Deno.test("findToolSets() passes over folders that lack a program, do not exist or whose programs fail", async () => {
  await using temp = await TempFolder.create();
  await fakeTools(`${temp.path}/lacks`, "17.1", ["pg_dump"]);
  await fakeTools(`${temp.path}/speechless`, "nothing", ["pg_restore"]);
  await Deno.writeTextFile(`${temp.path}/speechless/pg_dump`, "#!/bin/sh\nexit 127\n", { mode: 0o755 });
  await fakeTools(`${temp.path}/odd`, "unknown");
  const folders = ["lacks", "speechless", "odd", "missing"].map((name) => `${temp.path}/${name}`);
  assertEquals(await findToolSets({ env: {}, need: NEED, places: places(...folders) }), []);
});

Deno.test("findToolSets() names a set once, whatever links lead to it", async () => {
  await using temp = await TempFolder.create();
  const real = await fakeTools(`${temp.path}/real/bin`, "16.2");
  await Deno.symlink(real, `${temp.path}/linked`);
  await Deno.mkdir(`${temp.path}/usr`);
  for (const name of NEED) await Deno.symlink(join(real, name), `${temp.path}/usr/${name}`);
  const found = await findToolSets({
    env: {},
    need: NEED,
    places: places(`${temp.path}/usr`, `${temp.path}/linked`, real),
  });
  assertEquals(found.map((tools) => tools.folder), [await Deno.realPath(real)]);
});

Deno.test("findToolSets() passes over Debian's wrapper", async () => {
  await using temp = await TempFolder.create();
  await fakeTools(`${temp.path}/share`, "17.0", ["pg_wrapper"]);
  await Deno.mkdir(`${temp.path}/bin`);
  for (const name of NEED) await Deno.symlink("../share/pg_wrapper", `${temp.path}/bin/${name}`);
  assertEquals(await findToolSets({ env: {}, need: NEED, places: places(`${temp.path}/bin`) }), []);
  const error = await assertRejects(
    () => findToolSets({ env: { PGSTRATA_PG_BIN: `${temp.path}/bin` }, need: NEED }),
    PgstrataError,
  );
  assertStringIncludes(error.message, "wrapper");
});

Deno.test("findToolSets() prefers PGSTRATA_PG_BIN among equal versions and says what it lacks", async () => {
  await using temp = await TempFolder.create();
  const first = await fakeTools(`${temp.path}/first`, "17.1");
  const second = await fakeTools(`${temp.path}/second`, "17.2");
  const found = await findToolSets({ env: { PGSTRATA_PG_BIN: second, PATH: first }, need: NEED });
  const seventeen = found.filter((tools) => tools.folder.startsWith(temp.path));
  assertEquals(seventeen.map((tools) => [tools.version, tools.source]), [["17.2", "PGSTRATA_PG_BIN"], [
    "17.1",
    "PATH",
  ]]);

  const error = await assertRejects(
    () => findToolSets({ env: { PGSTRATA_PG_BIN: `${first}:${temp.path}` }, need: NEED }),
    PgstrataError,
  );
  assertEquals(error.message, `Cannot use PGSTRATA_PG_BIN: ${temp.path} has no pg_dump, pg_restore`);
  assertEquals(error.exit, 5);
});

Deno.test("a tool set says which program it does not have", async () => {
  await using temp = await TempFolder.create();
  const [tools] = await findToolSets({
    env: {},
    need: NEED,
    places: places(await fakeTools(`${temp.path}/a`, "17.6")),
  });
  assertEquals(tools?.has("pg_dump"), true);
  assertEquals(tools?.has("postgres"), false);
  const error = await assertRejects(async () => await tools?.program("postgres"), PgstrataError);
  assertStringIncludes(error.message, "Cannot find postgres: PostgreSQL 17.6");
});

Deno.test("toolPlaces() knows where each system keeps PostgreSQL", () => {
  const env = { PGSTRATA_PG_BIN: "/own:/second", PATH: "/usr/bin::/bin" };
  const first = toolPlaces(env, "linux").slice(0, 4);
  assertEquals(first.map((place) => place.folder), ["/own", "/second", "/usr/bin", "/bin"]);
  assertEquals(first.map((place) => place.source), ["PGSTRATA_PG_BIN", "PGSTRATA_PG_BIN", "PATH", "PATH"]);
  assertEquals(toolPlaces({}, "darwin").some((place) => place.folder === "/opt/homebrew/opt/libpq/bin"), true);
  assertEquals(toolPlaces({ PATH: "C:\\a;C:\\b" }, "windows").map((place) => place.folder), ["C:\\a", "C:\\b"]);
});

Deno.test("expand() fills the star with the folders that are there", async () => {
  await using temp = await TempFolder.create();
  for (const name of ["postgresql@15", "postgresql@17", "libpq"]) await Deno.mkdir(`${temp.path}/${name}`);
  const found = expand(`${temp.path}/postgresql@*/bin`);
  assertEquals(found, [`${temp.path}/postgresql@15/bin`, `${temp.path}/postgresql@17/bin`]);
  assertEquals(expand(`${temp.path}/nowhere/*/bin`), []);
  assertEquals(expand("/plain"), ["/plain"]);
});
