import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { mainArguments, passedOn } from "./run_main.ts";

const server = await testServer();

/**
 * Runs the command line where the system takes nothing from a mode by itself (umask 0): only what is asked for
 * keeps others out.
 */
async function runOpenly(words: readonly string[], cwd: string, env: Record<string, string>): Promise<void> {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'umask 0; exec "$@"', "sh", Deno.execPath(), ...mainArguments(words)],
    cwd,
    env: { ...passedOn(), NO_COLOR: "1", ...env },
    clearEnv: true,
  }).output();
  assertEquals(code, 0, `${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Every path below a folder whose mode is not the one promised. */
function wrongModes(folder: string): string[] {
  const wrong: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    const bits = (Deno.lstatSync(path).mode ?? 0) & 0o777;
    // What several backups share, or shared, may not be written to through one of them.
    const right = entry.isDirectory ? bits === 0o700 : bits === 0o600 || bits === 0o400;
    if (!right) wrong.push(`${bits.toString(8)} ${path}`);
    if (entry.isDirectory) wrong.push(...wrongModes(path));
  }
  return wrong;
}

Deno.test("whatever a command leaves, folders are 0700 and files 0600, shared ones 0400", async () => {
  await using folder = await TempFolder.create();
  const { path } = folder;
  const database = await server.createDatabase({ sql: "CREATE TABLE t AS SELECT i FROM generate_series(1, 100) AS i" });
  const { identity, recipient } = await generateAgeKey();
  for (const name of ["shelf", "ci", "cold"]) await Deno.mkdir(join(path, name), { mode: 0o700 });
  const storage = [{ name: "cold", url: `file://${path}/cold` }];
  await Deno.writeTextFile(join(path, "pgstrata.json"), JSON.stringify({ storage }), { mode: 0o600 });
  const env = {
    DATABASE_URL_PROD: database.url,
    PGSTRATA_PG_BIN: server.tools.folder,
    PGSTRATA_AGE_RECIPIENTS: recipient,
    PGSTRATA_AGE_IDENTITY: identity,
  };
  const shelf = ["--dir", "shelf"];
  const ci = ["--dir", "ci"];
  // Each on what the ones before have left.
  const commands: readonly (readonly string[])[] = [
    ["backup", "prod", ...shelf],
    ["backup", "prod", "--dedup", ...shelf],
    ["backup", "prod", "--encrypt", "--push", ...shelf],
    ["backup", "prod", "--layout", "ci", ...ci],
    ["backup", "prod", "--layout", "ci", "--dedup", "--prune", ...ci],
    ["list", ...shelf],
    ["show", "latest", ...shelf],
    ["verify", "latest", ...shelf],
    ["keep", "latest", "--reason", "a test", ...shelf],
    ["encrypt", "latest", ...ci],
    ["decrypt", "latest", ...ci],
    ["decrypt", "latest", "--to", "shelf/copy", ...shelf],
    ["push", "--all", "--to", "cold", ...shelf],
    ["list", "--from", "cold", ...shelf],
    ["pull", "latest", "--from", "cold", "--dir", "pulled"],
    ["prune", "--keep-last", "1", "--apply", "--from", "cold", ...shelf],
    ["prune", "--keep-last", "1", "--apply", ...shelf],
  ];
  for (const words of commands) {
    await runOpenly(words, path, env);
    assertEquals(wrongModes(path), [], words.join(" "));
  }
  const shared = [...Deno.readDirSync(join(path, "ci/latest"))];
  assert(shared.length === 1 && wrongModes(join(path, "ci")).length === 0);
});
