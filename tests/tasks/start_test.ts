import { assert, assertEquals } from "@std/assert";
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

async function graph(): Promise<Map<string, ModuleInfo>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", `--config=${ROOT}deno.json`, `${ROOT}tasks/main.ts`],
    env: passedOn(),
    clearEnv: true,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { readonly modules: readonly ModuleInfo[] };
  return new Map(modules.map((module) => [module.specifier, module]));
}

/** Everything that is loaded with a module, before anything is run. Imports of types have no `code`. */
function loadedWith(start: string, modules: ReadonlyMap<string, ModuleInfo>): Set<string> {
  const seen = new Set<string>();
  const waiting = [start];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { code, isDynamic } of modules.get(next)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) waiting.push(code.specifier);
    }
  }
  return seen;
}

Deno.test("tasks/main.ts loads no heavy package and no room but base before a command runs", async () => {
  const modules = await graph();
  const loaded = [...loadedWith(`file://${ROOT}tasks/main.ts`, modules)];
  assert(loaded.length > 10, "the graph was not read");
  assertEquals(loaded.filter((specifier) => HEAVY.some((name) => specifier.startsWith(`npm:/${name}@`))), []);
  const rooms = new Set(loaded.flatMap((specifier) => /\/lib\/(\w+)\//.exec(specifier)?.slice(1) ?? []));
  assertEquals([...rooms], ["base"]);
});

Deno.test("every module that a command loads is found by deno compile: it is in the graph", async () => {
  const modules = new Set((await graph()).keys());
  const loaded: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}tasks/commands`)) {
    const text = await Deno.readTextFile(`${ROOT}tasks/commands/${name}`);
    loaded.push(...[...text.matchAll(/import\("\.\.\/(\w+\.ts)"\)/g)].map(([, file = ""]) => file));
  }
  assert(loaded.length >= 25, loaded.join());
  assertEquals(loaded.filter((file) => !modules.has(`file://${ROOT}tasks/${file}`)), []);
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

/**
 * Measured in a quiet hour: 61 ms to 20 ms. Of these 40 ms are Deno's own look at every module that a literal `import()`
 * leads to, loaded or not, which `deno compile` wants to be literal. One heavy module more in the start is beyond this.
 */
const MOST = 4;

Deno.test(`pgstrata --help takes at most ${MOST} times as long as an empty deno run`, async () => {
  const empty = await Deno.makeTempFile({ suffix: ".ts" });
  const base = ["run", "--cached-only", `--config=${ROOT}deno.json`, empty];
  // With the lock file, as users run it.
  const help = mainArguments(["--help"]).filter((word) => word !== "--no-lock");
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
