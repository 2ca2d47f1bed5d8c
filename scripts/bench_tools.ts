/** What the benchmarks share: running a program while watching it, and their tables. */
import { fromFileUrl, join } from "@std/path";
import type { ToolSet } from "../lib/postgres/mod.ts";
import { TempFolder } from "../lib/system/mod.ts";

const MAIN = fromFileUrl(new URL("../tasks/main.ts", import.meta.url));

/** What a measured way took. */
export interface Measured {
  readonly way: string;
  readonly seconds: number;
  /** Peak resident memory of the process itself (not its children), bytes; 0 when it was not watched. */
  readonly memory: number;
  /** Seconds of CPU (user and system) with all programs it started; on a machine others use, the truer figure. */
  readonly cpu?: number;
  /** What it wrote to its standard output. */
  readonly output: string;
  /** Said when not all was run. */
  readonly note?: string;
}

/** Runs a program, watching its peak memory (`VmHWM`, which only grows). Its failure ends the bench. */
export async function measure(
  way: string,
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const begun = performance.now();
  const before = childrenCpu();
  const child = new Deno.Command(program, { args: [...args], cwd, env: { ...env }, stdout: "piped", stderr: "piped" })
    .spawn();
  let memory = 0;
  const timer = setInterval(() => memory = Math.max(memory, peakMemory(child.pid)), 50);
  const { success, stdout, stderr } = await child.output();
  clearInterval(timer);
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
  const seconds = (performance.now() - begun) / 1000;
  if (way !== "") say(`  ${way}: ${seconds.toFixed(1)} s`);
  const cpu = childrenCpu() - before;
  return { way, seconds, memory, cpu, output: new TextDecoder().decode(stdout) };
}

/** Runs pgstrata from source, with a connection string in the variable BENCH_URL. */
export function measurePgstrata(
  way: string,
  args: readonly string[],
  { cwd, url, tools }: { readonly cwd: string; readonly url: string; readonly tools: ToolSet },
): Promise<Measured> {
  const run = ["run", "--quiet", "-A", MAIN, ...args, "--dir", ".", "--quiet"];
  return measure(way, Deno.execPath(), run, cwd, { BENCH_URL: url, PGSTRATA_PG_BIN: tools.folder });
}

function peakMemory(pid: number): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0; // It has just ended.
  }
}

/** Fields `cutime` and `cstime` of proc(5), which Linux counts in hundredths: of all children that have ended. */
function childrenCpu(): number {
  const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** A folder for the time of some work. */
export async function inFolder<T>(work: (cwd: string) => Promise<T>): Promise<T> {
  await using folder = await TempFolder.create({ prefix: "pgstrata-bench-" });
  const cwd = join(folder.path, "out");
  await Deno.mkdir(cwd);
  return await work(cwd);
}

/** Prints results with their ratios to one of them. */
export function table(title: string, results: readonly Measured[], reference: Measured): void {
  const lines = [`\n${title} (ratios to ${reference.way})`];
  for (const { way, seconds, memory, cpu = 0, note } of results) {
    const ratio = (seconds / reference.seconds).toFixed(2);
    const peak = memory === 0 ? "" : `${Math.round(memory / 1e6)} MB`;
    const work = cpu === 0 || !reference.cpu
      ? ""
      : `CPU ${cpu.toFixed(1)} s ${(cpu / reference.cpu).toFixed(2).padStart(5)} ×`;
    lines.push(
      `  ${way.padEnd(48)} ${seconds.toFixed(1).padStart(8)} s ${ratio.padStart(8)} × ${peak.padStart(8)}  ${
        [work, note ?? ""].filter((text) => text !== "").join("  ")
      }`.trimEnd(),
    );
  }
  Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
}

/** Says what is being done. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
