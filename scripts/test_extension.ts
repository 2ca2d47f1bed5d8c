import { dirname, join, relative } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { findToolSets, type ToolSet } from "../lib/postgres/mod.ts";
import { processText, TempFolder } from "../lib/system/mod.ts";

const CONTROL = `comment = 'Tables of an extension, for the tests of pgstrata'
default_version = '1.0'
relocatable = false
schema = pgstrata_test
`;

/** Configuration (all rows, some rows) and a queue that is none: pg_dump leaves the queue's rows out. */
const SCRIPT = `CREATE TABLE config (id integer PRIMARY KEY, value text);
INSERT INTO config VALUES (1, 'shipped');
SELECT pg_catalog.pg_extension_config_dump('config', 'WHERE id >= 100');
CREATE TABLE partly (name text, own boolean DEFAULT false);
SELECT pg_catalog.pg_extension_config_dump('partly', 'WHERE own');
CREATE SEQUENCE numbers;
SELECT pg_catalog.pg_extension_config_dump('numbers', '');
CREATE TABLE queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, message text);
CREATE FUNCTION answer() RETURNS integer LANGUAGE sql AS 'SELECT 42';
`;

/**
 * The same PostgreSQL with the extension `pgstrata_test` available, in a folder of its own: programs
 * are copied (they look for the rest beside themselves), libraries linked, extension files copied.
 *
 * @param folder taken as it is if it is there, else made at once or not at all
 */
export async function withTestExtension(tools: ToolSet, folder: string): Promise<ToolSet> {
  const config = async (name: string) =>
    (await processText({ program: tools.program("pg_config"), args: [`--${name}`] })).trim();
  // Debian's pg_config of 13 is a script that does not know where it was moved to.
  const home = await config("bindir");
  const prefix = tools.folder.endsWith(home) ? tools.folder.slice(0, -home.length) : "";
  const [share, libraries] = [prefix + await config("sharedir"), prefix + await config("pkglibdir")];
  // PostgreSQL finds the others from where its program is, by the same steps up and down.
  const common = commonFolder(tools.folder, share);
  if (!(await Deno.stat(folder).then(() => true, () => false))) {
    await using work = await TempFolder.create({ parent: dirname(folder), prefix: ".extension-" });
    const made = join(work.path, "made");
    await copyProgramsAndLibraries(tools.folder, libraries, common, made);
    await copyShare(share, join(made, relative(common, share)));
    await Deno.rename(made, folder).catch(async (error) => {
      // Another process was first.
      if (!(await Deno.stat(folder).then(() => true, () => false))) throw error;
    });
  }
  const place = { folder: join(folder, relative(common, tools.folder)), source: "test" };
  const [found] = await findToolSets({ env: {}, need: ["postgres"], places: [place] });
  if (found === undefined) throw new PgstrataError(`Cannot use ${place.folder}: its programs do not run`);
  return found;
}

async function copyProgramsAndLibraries(bin: string, libraries: string, common: string, made: string): Promise<void> {
  const target = join(made, relative(common, bin));
  await Deno.mkdir(target, { recursive: true, mode: 0o755 });
  for (const entry of Deno.readDirSync(bin)) {
    if (entry.isFile) await Deno.copyFile(join(bin, entry.name), join(target, entry.name));
  }
  const link = join(made, relative(common, libraries));
  await Deno.mkdir(dirname(link), { recursive: true });
  await Deno.symlink(libraries, link);
}

async function copyShare(share: string, target: string): Promise<void> {
  const extensions = join(target, "extension");
  await Deno.mkdir(extensions, { recursive: true, mode: 0o755 });
  for (const entry of Deno.readDirSync(share)) {
    if (entry.name !== "extension") await Deno.symlink(join(share, entry.name), join(target, entry.name));
  }
  for (const entry of Deno.readDirSync(join(share, "extension"))) {
    await Deno.symlink(join(share, "extension", entry.name), join(extensions, entry.name));
  }
  await Deno.writeTextFile(join(extensions, "pgstrata_test.control"), CONTROL, { mode: 0o644 });
  await Deno.writeTextFile(join(extensions, "pgstrata_test--1.0.sql"), SCRIPT, { mode: 0o644 });
}

function commonFolder(a: string, b: string): string {
  const [left, right] = [a.split("/"), b.split("/")];
  const end = left.findIndex((part, index) => part !== right[index]);
  return left.slice(0, end).join("/") || "/";
}
