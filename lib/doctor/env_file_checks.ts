import { join, relative, resolve } from "@std/path";
import { type Check, ok, problem, warning } from "./check.ts";
import type { RunGit } from "./run_git.ts";

/** What is known of `.env` and the environment. */
export interface EnvFileFacts {
  /** Folder of `.env`. */
  readonly folder: string;
  /** Where backups stand; must not get into git either. */
  readonly shelf: string;
  /** As `loadEnvironment` gave them. */
  readonly warnings: readonly string[];
  /** Environments that are configured, from wherever. */
  readonly environments: readonly string[];
  readonly git: RunGit;
}

/** Whether `.env` is there, holds what was meant, and is nobody else's business. */
export async function envFileChecks(facts: EnvFileFacts): Promise<Check[]> {
  const path = join(facts.folder, ".env");
  const info = await Deno.stat(path).catch(() => null);
  const checks: Check[] = [];
  if (info === null) {
    checks.push(
      facts.environments.length > 0
        ? ok("env_file", `there is no .env; configured by the environment: ${facts.environments.join(", ")}`)
        : problem(
          "env_file",
          `no database is configured: there is no ${path} and no DATABASE_URL_<NAME>`,
          "pgstrata init",
        ),
    );
  } else {
    checks.push(environmentsCheck(facts, path));
    checks.push(...facts.warnings.flatMap((text) => cutCheck(text, path)));
    if (Deno.build.os !== "windows" && info.mode !== null) checks.push(modeCheck(path, info.mode));
  }
  return [...checks, ...await gitChecks(facts, info !== null)];
}

function environmentsCheck({ environments }: EnvFileFacts, path: string): Check {
  return environments.length > 0
    ? ok("env_file", `${path} is read; configured: ${environments.join(", ")}`)
    : problem("env_file", `${path} configures no database`, `Add to ${path}: DATABASE_URL_STAGING="postgresql://…"`);
}

/** What `loadEnvironment` says of a value that an unquoted `#` cuts, and of lines that it passes over. */
function cutCheck(text: string, path: string): Check[] {
  const lines = /: (lines? .*) no NAME=value and passed over\.$/.exec(text)?.[1];
  if (lines !== undefined) {
    return [warning("env_file_lines", `${lines} no NAME=value and passed over`, `Mend ${path}: NAME="value"`)];
  }
  const name = /the value of (\w+) is cut/.exec(text)?.[1];
  if (name === undefined) return [];
  const message = `the value of ${name} is cut at an unquoted "#": a password would be wrong without a word`;
  return [problem("env_file_quotes", message, `In ${path} write ${name}="…" in quotes, or # as %23 in a URL`)];
}

function modeCheck(path: string, mode: number): Check {
  const fix = `chmod 600 ${path}`;
  if ((mode & 0o007) !== 0) return problem("env_file_mode", `every user of this machine can read ${path}`, fix);
  if ((mode & 0o070) !== 0) return warning("env_file_mode", `the group of ${path} can read it`, fix);
  return ok("env_file_mode", `only its owner can read ${path}`);
}

/** Who else may read `.env`: the machine's other users, and everybody with the repository. Nothing where all is well. */
export async function envFileRisks(folder: string, git: RunGit): Promise<Check[]> {
  const path = join(folder, ".env");
  const info = await Deno.stat(path).catch(() => null);
  if (info === null) return [];
  const checks = [
    ...Deno.build.os !== "windows" && info.mode !== null ? [modeCheck(path, info.mode)] : [],
    ...await isTracked(folder, git) ? [TRACKED] : [],
  ];
  return checks.filter(({ state }) => state !== "ok");
}

const TRACKED = problem(
  "env_file_git",
  ".env is tracked by git: whoever has the repository has the passwords. Change them, too",
  "git rm --cached .env && echo .env >> .gitignore",
);

async function isTracked(folder: string, git: RunGit): Promise<boolean> {
  return await git(folder, ["ls-files", "--error-unmatch", "--", ".env"]) === 0;
}

/** Nothing where the folder is no git repository, or git is not there. */
async function gitChecks({ folder, shelf, git }: EnvFileFacts, hasFile: boolean): Promise<Check[]> {
  if (await git(folder, ["rev-parse", "--is-inside-work-tree"]) !== 0) return [];
  const checks: Check[] = [];
  if (await isTracked(folder, git)) {
    checks.push(TRACKED);
  } else if (await git(folder, ["check-ignore", "--quiet", "--", ".env"]) !== 0) {
    const add = "echo .env >> .gitignore";
    if (hasFile) checks.push(problem("env_file_git", ".env is not ignored by git: the next git add takes it in", add));
    else checks.push(warning("env_file_git", ".env is not ignored by git", add));
  } else checks.push(ok("env_file_git", ".env is ignored by git"));
  const below = relative(resolve(folder), resolve(folder, shelf));
  if (below !== "" && !below.startsWith("..") && !below.startsWith("/")) {
    const ignored = await git(folder, ["check-ignore", "--quiet", "--", `${below}/`]) === 0;
    checks.push(
      ignored ? ok("shelf_git", `${below}/ is ignored by git`) : warning(
        "shelf_git",
        `${below}/ is not ignored by git: backups would be committed`,
        `echo '${below}/' >> .gitignore`,
      ),
    );
  }
  return checks;
}
