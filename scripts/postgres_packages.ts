import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { processText } from "../lib/system/mod.ts";
import { unpackPackages } from "./debian_packages.ts";

/** The Debian release that has a version. */
const RELEASES: Readonly<Record<number, string>> = { 13: "bullseye", 15: "bookworm", 17: "trixie", 18: "sid" };

/**
 * All but PostgreSQL and libraries. LLVM is left out with the JIT that needs it: it would be three quarters of the size.
 */
const WITHOUT = /^(?!(?:postgresql-\d+|postgresql-client-\d+|lib(?!llvm|clang|perl5|python).*|zlib1g|patchelf)$)/;

/**
 * Downloads PostgreSQL with its libraries from Debian, without touching the system's own packages,
 * and puts it into `prefix` at once or not at all.
 *
 * @throws {PgstrataError} code `tool` where there is no apt, no Debian, or no package.
 */
export async function buildPostgres(major: number, prefix: string): Promise<void> {
  const what = `PostgreSQL ${major}`;
  const hint = `Install ${what} (server and contrib) with the system's own means and put its bin folder into PATH.`;
  const release = RELEASES[major];
  if (release === undefined) {
    const versions = Object.keys(RELEASES).join(", ");
    throw new PgstrataError(`Cannot install ${what}: only ${versions} can be installed here`, { code: "tool", hint });
  }
  await unpackPackages({
    purpose: { what, hint },
    release,
    packages: [`postgresql-${major}`, "patchelf"],
    without: WITHOUT,
    prefix,
    adapt: (root) => adapt(major, root, prefix),
  });
}

/** Makes programs and their libraries find each other in `prefix`, where `root` will be. */
async function adapt(major: number, root: string, prefix: string): Promise<void> {
  const triplet = namesIn(join(root, "usr/lib")).find((name) => /-linux-(gnu|musl)/.test(name)) ?? "";
  const libraries = ["usr/lib", "lib"].map((folder) => join(folder, triplet));
  const loader = libraries
    .flatMap((folder) => namesIn(join(root, folder)).map((name) => join(folder, name)))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path));
  if (loader === undefined) throw new Error("the packages hold no dynamic loader");
  const bin = join(root, "usr/lib/postgresql", String(major), "bin");
  const search = libraries.map((folder) => join(root, folder)).join(":");
  const programs = [];
  for (const name of namesIn(bin)) if (await isElf(join(bin, name))) programs.push(join(bin, name));
  await processText({
    // patchelf comes from the same release, so it needs that release's libraries.
    program: join(root, loader),
    args: [
      ...["--library-path", search, join(root, "usr/bin/patchelf"), "--force-rpath"],
      ...["--set-interpreter", join(prefix, loader)],
      ...["--set-rpath", libraries.map((folder) => join(prefix, folder)).join(":")],
      ...programs,
    ],
  });
  for (const jit of ["llvmjit.so", "llvmjit_types.bc", "bitcode"]) {
    await Deno.remove(join(bin, "../lib", jit), { recursive: true }).catch(() => {});
  }
}

async function isElf(path: string): Promise<boolean> {
  if (!(await Deno.lstat(path)).isFile) return false;
  using file = await Deno.open(path);
  const start = new Uint8Array(4);
  await file.read(start);
  return start[0] === 0x7f && start[1] === 0x45;
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}
