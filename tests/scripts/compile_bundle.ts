import { dirname, join, relative } from "@std/path";
import { includedFiles, PERMISSIONS } from "../../scripts/compile.ts";
import { processText } from "../../lib/system/mod.ts";
import { ROOT } from "../tasks/run_main.ts";

/** How pgstrata is started, and with what besides the caller's environment. */
export interface Program {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Graph {
  readonly modules: readonly { readonly specifier: string }[];
  readonly npmPackages: Readonly<Record<string, { readonly localPath: string }>>;
}

/**
 * Puts what `deno compile` embeds into an empty folder, and nothing else: the modules that can be reached from the
 * entry and from what it includes by name, by static or literal dynamic imports, the import map, and of npm the packages
 * of that graph. What an import reaches only at run time is missing there as it would be in the binary.
 *
 * @returns how the bundle is started: without network, with exactly the binary's permissions
 */
export async function makeBundle(folder: string): Promise<Program> {
  const cache = join(folder, "cache");
  const app = join(folder, "app");
  const { npmCache } = JSON.parse(await deno("info", "--json")) as { readonly npmCache: string };
  const copied = new Set<string>();
  const packages = new Set<string>();
  const copy = async (from: string, to: string, ...options: string[]) => {
    if (copied.has(from)) return;
    copied.add(from);
    await Deno.mkdir(dirname(to), { recursive: true });
    await processText({ program: "cp", args: [...options, from, to] });
  };
  for (const root of ["tasks/main.ts", ...await includedFiles()]) {
    const graph = JSON.parse(await deno("info", "--json", "--frozen", root)) as Graph;
    for (const { specifier } of graph.modules) {
      if (!specifier.startsWith("file:")) continue;
      const path = new URL(specifier).pathname;
      await copy(path, join(app, relative(ROOT, path)));
    }
    for (const [id, { localPath }] of Object.entries(graph.npmPackages)) {
      packages.add(id);
      const below = (path: string) => join(cache, "npm", relative(npmCache, path));
      await copy(localPath, below(localPath), "-r");
      const registry = join(dirname(localPath), "registry.json");
      await copy(registry, below(registry));
    }
  }
  const { imports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const isPacked = (specifier: string) => [...packages].some((id) => specifier.startsWith(`npm:${id}`));
  await write(join(app, "deno.json"), {
    imports: Object.fromEntries(Object.entries(imports).filter(([, to]) => isPacked(String(to)))),
    nodeModulesDir: "none",
  });
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}deno.lock`));
  await write(join(app, "deno.lock"), {
    version: lock.version,
    specifiers: Object.fromEntries(Object.entries(lock.specifiers).filter(([name]) => isPacked(name))),
    npm: Object.fromEntries(Object.entries(lock.npm).filter(([id]) => packages.has(id))),
  });
  return {
    words: [
      Deno.execPath(),
      "run",
      "--cached-only",
      "--no-remote",
      "--no-prompt",
      "--no-check",
      `--config=${app}/deno.json`,
      ...PERMISSIONS,
      `${app}/tasks/main.ts`,
    ],
    env: { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1" },
  };
}

async function write(path: string, document: unknown): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(document));
}

async function deno(...args: string[]): Promise<string> {
  return await processText({ program: Deno.execPath(), args, cwd: ROOT });
}
