import { userInfo } from "node:os";
import { join, resolve } from "@std/path";
import { knownEnvironments, loadEnvironment } from "../lib/connection/mod.ts";
import { type Asker, terminalAsker } from "./ask.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { INIT_OPTIONS } from "./commands/init.ts";
import { type InitAnswers, initAnswers } from "./init_answers.ts";
import { variableOf } from "./init_env.ts";
import { INIT_PARTS, initFiles, type InitResult, writeInitFiles } from "./init_files.ts";
import { shelfName } from "./shelf_setting.ts";
import { standingOptions } from "./standing_options.ts";
import { ownCommand, type RunningProgram, runningProgram } from "./own_command.ts";

/** What `init` needs of the machine; tests hand in other things. */
export interface InitDeps {
  /** Null: nobody is asked. */
  readonly ask?: Asker | null;
  readonly running?: RunningProgram;
  readonly user?: string;
}

const WORDS: Readonly<Record<InitResult["state"], string>> = {
  written: "written",
  added: "lines added",
  same: "there already",
  kept: "left as it is (there is another one; --dry-run shows ours)",
};

/** `pgstrata init`. */
export async function run(
  { options }: Invocation<typeof INIT_OPTIONS>,
  context: TaskContext,
  deps: InitDeps = {},
): Promise<number> {
  const { console, cwd } = context;
  const { env } = await loadEnvironment(cwd, context.env);
  const ask = deps.ask !== undefined ? deps.ask : options.yes || context.json ? null : terminal(context);
  const answers = await initAnswers(options, knownEnvironments(env), ask);
  const parts = options.parts.length > 0 ? options.parts : INIT_PARTS;
  const shelf = resolve(cwd, shelfName(context, env));
  const files = await initFiles(answers, {
    folder: cwd,
    shelf,
    standing: standingOptions(context),
    parts,
    command: ownCommand(options.command, deps.running ?? runningProgram()),
    user: deps.user ?? userInfo().username,
    deno: Deno.version.deno,
  });
  if (parts.includes("workflow") && answers.keep === "none") {
    console.warn("no workflow is written: it needs somebody to encrypt for (--recipient age1…) or a bucket (--s3-url)");
  }
  if (answers.keep === "s3" && answers.recipients.length === 0) {
    console.warn(
      "copies in the bucket are not encrypted by pgstrata: give --recipient age1… to encrypt them before they leave",
    );
  }
  if (files.some(({ path }) => path.startsWith(".github/")) && !(await hasTask(cwd))) {
    console.warn(
      "the workflow runs `deno task pgstrata`, and there is no such task in deno.json here: add it, or change the workflow",
    );
  }
  if (options["dry-run"]) {
    const shown = files.filter(({ path }) => path !== ".env");
    if (context.json) console.document({ version: 1, command: "init", dryRun: true, files: shown });
    else console.result(shown.map(({ path, text }) => `# ---- ${path}\n${text}`).join("\n"));
    return 0;
  }
  const results = await writeInitFiles(files, cwd);
  // A unit can write the shelf alone, and so cannot make it.
  if (parts.includes("systemd")) await Deno.mkdir(shelf, { recursive: true, mode: 0o700 });
  if (context.json) console.document({ version: 1, command: "init", dryRun: false, files: results });
  for (const { path, state } of results) console.say(`${path}: ${WORDS[state]}`);
  for (const line of nextSteps(results, answers)) console.say(line);
  return 0;
}

async function hasTask(folder: string): Promise<boolean> {
  const text = await Deno.readTextFile(join(folder, "deno.json")).catch(() => "");
  return /"pgstrata"\s*:/.test(text);
}

function nextSteps(results: readonly InitResult[], { environments, urls, recipients }: InitAnswers): string[] {
  const wrote = (path: string) => results.some((result) => result.path === path && result.state === "written");
  const open = environments.filter((name) => !urls.has(name));
  const timers = results.flatMap(({ path }) => /^deploy\/systemd\/(.+\.timer)$/.exec(path)?.[1] ?? []);
  return [
    "",
    "Next:",
    ...wrote(".env") && open.length > 0 ? [`  fill in .env: ${open.map(variableOf).join(", ")}`] : [],
    "  pgstrata doctor            what would keep a backup from working",
    `  pgstrata backup ${environments.length === 1 ? environments[0] : "all"}`,
    ...wrote(".github/workflows/backup.yml") ? ["  set the secrets that .github/workflows/backup.yml names"] : [],
    ...timers.length > 0
      ? ["  sudo cp deploy/systemd/* /etc/systemd/system/", `  sudo systemctl enable --now ${timers.join(" ")}`]
      : [],
    ...recipients.length > 0
      ? ["  keep the secret age key where the backups are not: without it they cannot be opened"]
      : [],
  ];
}

/** The person at the terminal; null where there is none. */
function terminal({ console }: TaskContext): Asker | null {
  if (!Deno.stdin.isTerminal() || !console.stderr.isTerminal) return null;
  return terminalAsker({
    read: (buffer) => Deno.stdin.read(buffer),
    setRaw: (raw) => Deno.stdin.setRaw(raw),
    write: (text) => console.stderr.write(text),
  });
}
