import { assertEquals } from "@std/assert";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { type FixtureName, testedMajors, type TestServer, testServer } from "../../scripts/test_server.ts";

/** Schemas whose contents a restore changes, as the fixture says. */
const CHANGED = ["--exclude-schema=moved"];

for (const major of testedMajors()) {
  const server = await testServer(major);

  for (const fixture of ["sample", "torture"] as const) {
    Deno.test(`${fixture} survives pg_dump and pg_restore of ${major} without an error`, async () => {
      await using folder = await TempFolder.create();
      const archive = `${folder.path}/archive`;
      const source = await server.createDatabase(fixture);
      const target = await server.createDatabase();
      await run(server, "pg_dump", "--format=custom", `--file=${archive}`, `--dbname=${source.url}`);
      await run(server, "pg_restore", "--exit-on-error", `--dbname=${target.url}`, archive);
      assertEquals(await digest(server, target.url, fixture), await digest(server, source.url, fixture));
    });
  }
}

async function run(server: TestServer, program: string, ...args: string[]): Promise<string> {
  return await processText({ program: server.tools.program(program), args });
}

/** The database as text, lines sorted: rows and dependent entries may change places. */
async function digest(server: TestServer, url: string, fixture: FixtureName): Promise<string[]> {
  const text = await run(server, "pg_dump", ...(fixture === "torture" ? CHANGED : []), `--dbname=${url}`);
  const lines = text.split("\n").filter((line) => !/^\\(un)?restrict /.test(line)).sort();
  return lines.map((line) => line.length > 200 ? `${line.length} ${line.slice(0, 200)}` : line);
}
