/** Makes single binaries of `tasks/main.ts`: `deno task compile [--target TARGET | --all] [--output FILE]`. */
import { dirname, fromFileUrl, join, resolve } from "@std/path";
import { parseArgs } from "@std/cli/parse-args";
import { EXIT_CODES } from "../lib/base/mod.ts";

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** What `deno compile` can make binaries for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** What the binary may do, and nothing else: read and write files, connect, run PostgreSQL's programs, ask for the user's name. */
export const PERMISSIONS = [
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-run",
  "--allow-sys",
];

/** What to compile. */
export interface CompileOptions {
  /** Null is this machine. */
  readonly target: string | null;
  readonly output: string;
  /** Modules that no literal import of the entry leads to; see {@linkcode includedFiles}. */
  readonly included: readonly string[];
}

/** Arguments of `deno` that make the binary. Packages used by tests alone are left out. */
export function compileArguments({ target, output, included }: CompileOptions): string[] {
  return [
    "compile",
    "--exclude-unused-npm",
    ...PERMISSIONS,
    ...included.map((path) => `--include=${path}`),
    ...(target === null ? [] : [`--target=${target}`]),
    `--output=${output}`,
    "tasks/main.ts",
  ];
}

/** Modules that no literal import of the entry leads to: the commands' loaders and the Workers. */
export async function includedFiles(): Promise<string[]> {
  return ["tasks/runners.ts", ...await workerFiles()];
}

/** Files of Workers below `lib/`, by their names; relative to the project. */
export async function workerFiles(folder = "lib"): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...await workerFiles(path));
    else if (name.endsWith("_worker.ts")) found.push(path);
  }
  return found.sort();
}

/** Whether `deno compile` failed because its runtime base could not be had. */
export function lacksRuntimeBase(output: string): boolean {
  return /denort|dl\.deno\.land|DENORT_BIN/i.test(output);
}

/** Name of a target's file in `dist/`; null is this machine. */
export function binaryName(target: string | null): string {
  const suffix = (target ?? Deno.build.target).includes("windows") ? ".exe" : "";
  return `pgstrata${target === null ? "" : `-${target}`}${suffix}`;
}

async function main(): Promise<number> {
  const { target, output, all } = parseArgs(Deno.args, { string: ["target", "output"], boolean: ["all"] });
  const named = typeof target === "string" && target !== "" ? target : null;
  if (named !== null && !TARGETS.some((each) => each === named)) {
    say(`Cannot compile for ${named}: it is not one of ${TARGETS.join(", ")}`);
    return EXIT_CODES.usage;
  }
  const file = typeof output === "string" && output !== "" ? output : null;
  if (all && (named !== null || file !== null)) {
    say("Cannot compile: --all makes every target, under its own name");
    return EXIT_CODES.usage;
  }
  for (const each of all ? TARGETS : [named]) {
    const code = await compile(each, file ?? `dist/${binaryName(each)}`);
    if (code !== EXIT_CODES.done) return code;
  }
  return EXIT_CODES.done;
}

async function compile(target: string | null, file: string): Promise<number> {
  await Deno.mkdir(dirname(resolve(ROOT, file)), { recursive: true });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArguments({ target, output: file, included: await includedFiles() }),
    cwd: ROOT,
    stdout: "inherit",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (!success && lacksRuntimeBase(text)) {
    say("Cannot compile: Deno's runtime base (denort) cannot be downloaded here; set DENORT_BIN to a local one");
    return EXIT_CODES.tool;
  }
  Deno.stderr.writeSync(stderr);
  if (success) say(`${file}: ${((await Deno.stat(resolve(ROOT, file))).size / 1e6).toFixed(0)} MB`);
  return success ? EXIT_CODES.done : EXIT_CODES.failed;
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await main());
