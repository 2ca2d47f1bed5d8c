import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { knownEnvironments, loadEnvironment } from "../../lib/connection/mod.ts";
import { type Check, envFileChecks, runGit } from "../../lib/doctor/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { expectCheck } from "./doctor_fixture.ts";

const GOOD = 'DATABASE_URL_PROD="postgresql://u:p@h/d"\n';

interface Situation {
  readonly env?: string;
  readonly mode?: number;
  readonly ignore?: string;
  readonly git?: readonly (readonly string[])[];
}

/** The checks of a folder with this `.env`, after these git commands. */
async function checksOf({ env, mode = 0o600, ignore, git }: Situation): Promise<readonly Check[]> {
  await using folder = await TempFolder.create();
  const { path } = folder;
  if (env !== undefined) {
    await Deno.writeTextFile(join(path, ".env"), env);
    await Deno.chmod(join(path, ".env"), mode);
  }
  if (ignore !== undefined) await Deno.writeTextFile(join(path, ".gitignore"), ignore);
  for (const args of git ?? []) {
    await processText({
      program: "git",
      args: ["-C", path, "-c", "user.name=t", "-c", "user.email=t@t.test", ...args],
    });
  }
  const { env: variables, warnings } = await loadEnvironment(path, {});
  const environments = knownEnvironments(variables);
  return await envFileChecks({ folder: path, shelf: join(path, "backups"), warnings, environments, git: runGit });
}

Deno.test("a good .env in no repository has nothing to be said about", async () => {
  const checks = await checksOf({ env: GOOD });
  assertEquals(checks.map(({ name, state }) => [name, state]), [["env_file", "ok"], ["env_file_mode", "ok"]]);
});

Deno.test("without .env and variables the fix is pgstrata init", async () => {
  assertEquals(expectCheck(await checksOf({}), "env_file", "problem").fix, "pgstrata init");
});

Deno.test("an unquoted # that cuts a password is a problem that names the variable", async () => {
  const checks = await checksOf({ env: "DATABASE_URL_PROD=postgresql://u:a#b@h/d\nSUPABASE_DB_PASSWORD_DEV=x#y\n" });
  const found = checks.filter(({ name }) => name === "env_file_quotes");
  assertEquals(found.map(({ state }) => state), ["problem", "problem"]);
  assertStringIncludes(found[0]?.fix ?? "", 'write DATABASE_URL_PROD="…" in quotes, or # as %23');
});

for (const [mode, state] of [[0o644, "problem"], [0o640, "warning"], [0o400, "ok"]] as const) {
  Deno.test(`.env of mode ${mode.toString(8)} is ${state}`, async () => {
    const { fix } = expectCheck(await checksOf({ env: GOOD, mode }), "env_file_mode", state);
    assertStringIncludes(fix ?? "chmod 600 ", "chmod 600 ");
  });
}

Deno.test(".env tracked by git is a problem with git rm --cached as the fix", async () => {
  const checks = await checksOf({ env: GOOD, git: [["init", "-q"], ["add", "-f", ".env"]] });
  const { fix, message } = expectCheck(checks, "env_file_git", "problem");
  assertEquals(fix, "git rm --cached .env && echo .env >> .gitignore");
  assertStringIncludes(message, "Change them, too");
});

Deno.test(".env and backups that git does not ignore are found, ignored ones are fine", async () => {
  const open = await checksOf({ env: GOOD, git: [["init", "-q"]] });
  assertEquals(expectCheck(open, "env_file_git", "problem").fix, "echo .env >> .gitignore");
  assertEquals(expectCheck(open, "shelf_git", "warning").fix, "echo 'backups/' >> .gitignore");
  const closed = await checksOf({ env: GOOD, ignore: ".env\nbackups/\n", git: [["init", "-q"]] });
  expectCheck(closed, "env_file_git", "ok");
  expectCheck(closed, "shelf_git", "ok");
});
