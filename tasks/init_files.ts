import { dirname, join } from "@std/path";
import { writeFileSynced } from "../lib/system/mod.ts";
import { configOf, type InitAnswers } from "./init_answers.ts";
import { envExampleText, envText, gitignoreText } from "./init_env.ts";
import { workflowText } from "./init_workflow.ts";
import { cronBlock } from "./schedule_cron.ts";
import { scheduledRuns } from "./schedule_plan.ts";
import { systemdUnits } from "./schedule_systemd.ts";

/** Groups of files. */
export const INIT_PARTS = ["env", "config", "gitignore", "workflow", "systemd", "cron"] as const;

/** A group of files. */
export type InitPart = (typeof INIT_PARTS)[number];

/** A file to write. */
export interface InitFile {
  /** Below the project's folder. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Lines are added to what is there; all others are only written where nothing is. */
  readonly append: boolean;
}

/** What the files need besides the answers. */
export interface InitSetting {
  readonly folder: string;
  readonly parts: readonly InitPart[];
  /** How timers call pgstrata. */
  readonly command: readonly string[];
  /** User that the system's timers run as. */
  readonly user: string;
  /** Where backups go. Default: `backups` in the folder. */
  readonly shelf?: string;
  /** Options of every command of the timers. */
  readonly standing?: readonly string[];
  /** Version of Deno for the workflow. */
  readonly deno: string;
}

/** The files, in the order they are told. */
export async function initFiles(answers: InitAnswers, setting: InitSetting): Promise<InitFile[]> {
  const { folder, parts, command, user } = setting;
  const file = (path: string, text: string, mode = 0o644): InitFile => ({ path, text, mode, append: false });
  const files: InitFile[] = [];
  if (parts.includes("gitignore")) {
    const before = await Deno.readTextFile(join(folder, ".gitignore")).catch(() => null);
    const text = gitignoreText(before);
    if (text !== null) files.push({ path: ".gitignore", text, mode: 0o644, append: true });
  }
  if (parts.includes("env")) {
    files.push(file(".env", envText(answers), 0o600), file(".env.example", envExampleText(answers)));
  }
  if (parts.includes("config")) files.push(file("pgstrata.json", `${JSON.stringify(configOf(answers), null, 2)}\n`));
  if (parts.includes("workflow") && answers.keep !== "none") {
    files.push(file(".github/workflows/backup.yml", workflowText(answers, setting.deno)));
  }
  const runs = answers.environments.flatMap((environment) =>
    scheduledRuns({
      environment,
      only: ["daily"],
      at: "02:17",
      hasStorage: answers.storage !== null,
      hasRecipients: answers.recipients.length > 0,
      standing: setting.standing ?? [],
    })
  );
  if (parts.includes("systemd")) {
    const system = { user, writable: setting.shelf ?? join(folder, "backups") };
    for (const { name, text } of systemdUnits(runs, { command, folder, system })) {
      files.push(file(`deploy/systemd/${name}`, text));
    }
  }
  if (parts.includes("cron")) {
    const blocks = answers.environments.map((name) =>
      cronBlock(runs.filter(({ environment }) => environment === name), { command, folder })
    );
    files.push(file("deploy/crontab", blocks.join("")));
  }
  return files;
}

/** What became of a file. */
export interface InitResult {
  readonly path: string;
  readonly state: "written" | "added" | "same" | "kept";
}

/** Writes the files that are not there, and lines that are to be added. Never overwrites. */
export async function writeInitFiles(files: readonly InitFile[], folder: string): Promise<InitResult[]> {
  const results: InitResult[] = [];
  for (const { path, text, mode, append } of files) {
    const full = join(folder, path);
    const before = await Deno.readTextFile(full).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
    if (append && before !== null) {
      await Deno.writeTextFile(full, text.slice(before.length), { append: true });
      results.push({ path, state: "added" });
    } else if (before !== null) {
      results.push({ path, state: before === text ? "same" : "kept" });
    } else {
      await Deno.mkdir(dirname(full), { recursive: true });
      await writeFileSynced(full, text);
      if (mode !== 0o600) await Deno.chmod(full, mode);
      results.push({ path, state: "written" });
    }
  }
  return results;
}
