import { assert, assertEquals } from "@std/assert";
import { passedOn, ROOT } from "./run_main.ts";

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

Deno.test("every command of the table is found by deno compile: its module is in the graph", async () => {
  const modules = [...(await graph()).keys()];
  for (const task of ["backup", "completions", "show_help", "show_version"]) {
    assert(modules.includes(`file://${ROOT}tasks/${task}.ts`), task);
  }
});
