/** `deno task demo`: a sample database on a server of its own, backed up; shows what came out and what to try next. */
import { basename, fromFileUrl, join } from "@std/path";
import { errorText, toPgstrataError } from "../lib/base/mod.ts";
import { parseManifest } from "../lib/catalog/mod.ts";
import { DisposableCluster, findToolSets, type ToolSet } from "../lib/postgres/mod.ts";
import { folderTree } from "../lib/report/mod.ts";
import { makeFolder } from "../lib/system/mod.ts";
import { ensureToolSet } from "./postgres_versions.ts";

/** Where the demo's backups go; git ignores it. */
const SHELF = ".demo/backups";

/** PostgreSQL that is installed if there is none. */
const MAJOR_TO_INSTALL = 15;

/** Every program the demo needs of one version. */
const PROGRAMS = ["postgres", "initdb", "psql", "pg_dump", "pg_dumpall", "pg_restore"];

async function demo(): Promise<number> {
  say("1. PostgreSQL: looking for an installed server …");
  const tools = await anyServer();
  say(`   version ${tools.version} in ${tools.folder}`);

  say("2. Starting a throwaway server and loading a database shaped like a Supabase project (some 100 000 rows) …");
  await using cluster = await DisposableCluster.start({ tools });
  await cluster.psql("CREATE DATABASE demo");
  await cluster.psql({ file: fromFileUrl(new URL("fixtures/sample.sql", import.meta.url)) }, { database: "demo" });

  say("3. Backing it up, as `deno task backup demo first-look` would:\n");
  await makeFolder(SHELF);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-run",
      "--allow-sys",
      fromFileUrl(new URL("../tasks/main.ts", import.meta.url)),
      ...["backup", "demo", "first-look", "--dir", SHELF, "--json"],
    ],
    env: { DATABASE_URL_DEMO: cluster.url("demo"), PGSTRATA_PG_BIN: tools.folder },
    stderr: "inherit",
    stdin: "null",
  }).output();
  if (code !== 0) return code;
  const folder: string = JSON.parse(new TextDecoder().decode(stdout)).backups[0].folder;

  const manifest = parseManifest(await Deno.readTextFile(join(folder, "manifest.json")));
  say("4. What is in the folder:\n");
  say(folderTree(manifest.files, { name: basename(folder) }));
  say(nextSteps(folder));
  return 0;
}

/** An installed server of any version with all its programs; if there is none, one is put into a cache folder. */
async function anyServer(): Promise<ToolSet> {
  const found = await findToolSets({ env: Deno.env.toObject(), need: PROGRAMS });
  const newest = found.at(-1);
  if (newest !== undefined) return newest;
  say(
    `   none is installed: putting PostgreSQL ${MAJOR_TO_INSTALL} into a cache folder with apt (nothing on the system changes) …`,
  );
  return await ensureToolSet(MAJOR_TO_INSTALL);
}

function nextSteps(folder: string): string {
  return `5. What to try next:

  head ${folder}/public/tables/orders/data.sql          # readable SQL per table
  pg_restore --list ${folder}/db_full.dump | head       # PostgreSQL's own format: nobody needs pgstrata to get data back
  (cd ${folder} && sha256sum --check --quiet SHA256SUMS)

  For your own database: put DATABASE_URL_PROD=postgresql://… into .env, then
  deno task backup:prod
  deno task pgstrata help

The throwaway server is gone; ${SHELF}/ is yours to delete.`;
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) {
  try {
    Deno.exitCode = await demo();
  } catch (error) {
    const known = toPgstrataError(error);
    say(errorText(known));
    Deno.exitCode = known.exit;
  }
}
