import { createHash } from "node:crypto";
import { join } from "@std/path";
import { DisposableCluster, type ToolSet } from "../lib/postgres/mod.ts";
import { processText } from "../lib/system/mod.ts";
import { cacheFolder, waitForLock } from "./postgres_versions.ts";

/** Fixtures that are loaded into a cluster once and copied with it. */
export const PREPARED = ["sample", "torture"] as const;

const FIXTURES = new URL("fixtures/", import.meta.url).pathname;

/** Path of a fixture's SQL file. */
export function fixturePath(name: (typeof PREPARED)[number]): string {
  return join(FIXTURES, `${name}.sql`);
}

/** Database of a prepared cluster that holds a fixture. */
export function preparedDatabase(name: (typeof PREPARED)[number]): string {
  return `fixture_${name}`;
}

/**
 * Data folder of a stopped cluster, for copies: to initialise one and to load the fixtures takes ten times as long. It
 * is made once for each version, state of the fixtures and machine.
 *
 * @param withFixtures with the databases of {@linkcode PREPARED}, and so with their roles
 */
export async function preparedCluster(tools: ToolSet, withFixtures: boolean): Promise<string> {
  const key = withFixtures ? createHash("sha256").update(await fixtureTexts()).digest("hex") : "bare";
  const folder = join(cacheFolder(), "clusters");
  const path = join(folder, `${tools.version}-${key.slice(0, 16)}`);
  if (await isThere(path)) return path;
  await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
  using _lock = await waitForLock(`${path}.lock`, `prepare a cluster of PostgreSQL ${tools.version}`);
  if (await isThere(path)) return path;
  await using cluster = await DisposableCluster.start({ tools, settings: { min_wal_size: "32MB" } });
  for (const name of withFixtures ? PREPARED : []) {
    const database = preparedDatabase(name);
    await cluster.psql(`CREATE DATABASE ${database} TEMPLATE template0`);
    await cluster.psql({ file: fixturePath(name) }, { database });
  }
  await cluster.stop();
  await resetLog(cluster.dataFolder, tools);
  const work = `${path}.work`;
  await processText({ program: "rm", args: ["-rf", work] });
  await processText({ program: "cp", args: ["--archive", cluster.dataFolder, work] });
  await Deno.rename(work, path);
  return path;
}

/** What was logged while the fixtures were loaded is more than the fixtures. */
async function resetLog(dataFolder: string, tools: ToolSet): Promise<void> {
  const { uid, gid } = await Deno.stat(dataFolder);
  await processText({
    program: tools.program("pg_resetwal"),
    args: ["--pgdata", dataFolder],
    cwd: "/",
    ...(uid === null || gid === null || uid === Deno.uid() ? {} : { uid, gid }),
  });
}

async function fixtureTexts(folder = FIXTURES): Promise<string> {
  const texts: string[] = [];
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, name);
    texts.push(name, isDirectory ? await fixtureTexts(path) : await Deno.readTextFile(path));
  }
  return texts.join("\0");
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
