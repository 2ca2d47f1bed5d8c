import { assert, assertEquals } from "@std/assert";
import { includedFiles } from "../../scripts/compile.ts";
import type { Command } from "../../tasks/command.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { RUNNERS } from "../../tasks/runners.ts";
import { mainArguments, passedOn, ROOT } from "./run_main.ts";

/** Packages that a command loads when it needs them, and `--help` never. */
const HEAVY = ["postgres", "valibot", "string-width", "@aws-sdk", "age-encryption"];

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

async function graph(entry: string): Promise<Map<string, ModuleInfo>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--frozen", `--config=${ROOT}deno.json`, `${ROOT}tasks/${entry}`],
    env: passedOn(),
    clearEnv: true,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly modules: readonly ModuleInfo[] };
  return new Map(modules.map((module) => [module.specifier, module]));
}

/** Everything that is loaded with a module, before anything is run. Imports of types have no `code`. */
function loadedWith(
  start: string,
  modules: ReadonlyMap<string, ModuleInfo>,
  { withDynamic = false } = {},
): Set<string> {
  const seen = new Set<string>();
  const waiting = [start];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { code, isDynamic } of modules.get(next)?.dependencies ?? []) {
      if (code?.specifier !== undefined && (withDynamic || !isDynamic)) waiting.push(code.specifier);
    }
  }
  return seen;
}

Deno.test("tasks/main.ts loads no heavy package and no room but base before a command runs", async () => {
  const modules = await graph("main.ts");
  const loaded = [...loadedWith(`file://${ROOT}tasks/main.ts`, modules)];
  assert(loaded.length > 10, "the graph was not read");
  assertEquals(loaded.filter((specifier) => HEAVY.some((name) => specifier.startsWith(`npm:/${name}@`))), []);
  const rooms = new Set(loaded.flatMap((specifier) => /\/lib\/(\w+)\//.exec(specifier)?.slice(1) ?? []));
  assertEquals([...rooms], ["base"]);
});

Deno.test("tasks/main.ts leads to no module of a command, by no literal import: Deno would look at all of them", async () => {
  const modules = [...loadedWith(`file://${ROOT}tasks/main.ts`, await graph("main.ts"), { withDynamic: true })];
  assertEquals(modules.filter((specifier) => specifier === `file://${ROOT}tasks/runners.ts`), []);
  assertEquals(modules.filter((specifier) => /\/lib\/(?!base\/)/.test(specifier)), []);
});

Deno.test("every command has its module, which deno compile includes", async () => {
  const modules = await graph("runners.ts");
  for (const [name, load] of Object.entries(RUNNERS)) {
    assertEquals(typeof (await load()).run, "function", name);
  }
  const names = (commands: readonly Command[], path: string): string[] =>
    commands.flatMap(({ name, subcommands }) =>
      subcommands.length === 0 ? [`${path}${name}`] : names(subcommands, `${path}${name} `)
    );
  assertEquals(new Set(Object.keys(RUNNERS)), new Set([...names(COMMANDS, ""), "version"]));
  assert(modules.has(`file://${ROOT}tasks/backup.ts`));
  assert((await includedFiles()).includes("tasks/runners.ts"));
});

/** Milliseconds of the fastest of some runs: the one that others disturbed least. */
async function fastest(args: readonly string[], times: number): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < times; run++) {
    const began = performance.now();
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      env: passedOn(),
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    assert(success, args.join(" "));
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** Measured: 30 ms to 20 ms. When Deno looks at the modules of all commands, it is more than 3. */
const MOST = 3;

Deno.test(`pgstrata --help takes at most ${MOST} times as long as an empty deno run`, async () => {
  const empty = await Deno.makeTempFile({ suffix: ".ts" });
  const base = ["run", "--cached-only", `--config=${ROOT}deno.json`, empty];
  const help = mainArguments(["--help"]);
  try {
    // Other tests run beside this one: the fastest runs are compared, and again while noise may have been the reason.
    const ratios: number[] = [];
    for (let round = 0; round < 5; round++) {
      ratios.push(await fastest(help, 5) / await fastest(base, 5));
      if ((ratios.at(-1) ?? Infinity) <= MOST) return;
    }
    throw new Error(`it took ${ratios.map((ratio) => ratio.toFixed(1)).join(", ")} times as long`);
  } finally {
    await Deno.remove(empty);
  }
});
