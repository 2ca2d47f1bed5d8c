import { dirname, join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { processText } from "../lib/system/mod.ts";
import { unpackPackages, type UnpackRequest } from "./debian_packages.ts";
import { waitForLock } from "./postgres_versions.ts";

/**
 * A folder with unpacked packages: the one in the cache, else a new one. `PGSTRATA_CACHE` names the cache,
 * else it is `~/.cache/pgstrata`.
 *
 * @param name of the folder in the cache; a new set of packages needs a new name
 */
export async function ensurePackages(name: string, request: Omit<UnpackRequest, "prefix">): Promise<string> {
  const cache = Deno.env.get("PGSTRATA_CACHE") || join(Deno.env.get("HOME") ?? "/tmp", ".cache/pgstrata");
  const prefix = join(cache, name);
  await Deno.mkdir(cache, { recursive: true, mode: 0o700 });
  if (await isThere(prefix)) return prefix;
  using _lock = await waitForLock(`${prefix}.lock`, `install ${request.packages.join(", ")}`);
  if (!(await isThere(prefix))) await unpackPackages({ ...request, prefix });
  return prefix;
}

/** Folder of the `age` program and its companions: of PATH, else of Debian's package in the cache. */
export async function ensureAge(): Promise<string> {
  try {
    await processText({ program: "age", args: ["--version"] });
    const path = await processText({ program: "/bin/sh", args: ["-c", "command -v age"] });
    return dirname(path.trim());
  } catch (error) {
    if (!(error instanceof PgstrataError)) throw error;
  }
  // A static program: the libraries it is said to depend on are not used.
  const prefix = await ensurePackages("age-trixie", { release: "trixie", packages: ["age"], without: /^(?!age$)/ });
  return join(prefix, "usr/bin");
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
