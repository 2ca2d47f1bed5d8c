import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { processText, TempFolder } from "../lib/system/mod.ts";

/** The Debian release that has a version. */
const RELEASES: Readonly<Record<number, string>> = { 13: "bullseye", 15: "bookworm", 17: "trixie", 18: "sid" };

/** Debian's keys, where the package of the keyring is installed. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Packages that are unpacked: PostgreSQL and libraries. LLVM is left out with the JIT that needs it:
 * it would be three quarters of the size.
 */
const WANTED = /^(postgresql-\d+|postgresql-client-\d+|lib(?!llvm|clang|perl5|python).*|zlib1g|patchelf)$/;

/**
 * Downloads PostgreSQL with its libraries from Debian, without touching the system's own packages,
 * and puts it into `prefix` at once or not at all.
 *
 * @throws {PgstrataError} code `tool` where there is no apt, no Debian, or no package.
 */
export async function buildPostgres(major: number, prefix: string): Promise<void> {
  const release = RELEASES[major];
  if (release === undefined) throw cannot(major, `only ${Object.keys(RELEASES).join(", ")} can be installed here`);
  await using work = await TempFolder.create({ parent: join(prefix, ".."), prefix: `.${major}-` });
  const root = join(work.path, "root");
  try {
    const archives = await download(major, release, work.path);
    await Deno.mkdir(root, { mode: 0o755 });
    for (const archive of archives) await processText({ program: "dpkg", args: ["-x", archive, root] });
    await adapt(major, root, prefix);
  } catch (cause) {
    throw cause instanceof PgstrataError && cause.code === "tool" ? cause : cannot(major, "apt cannot give it", cause);
  }
  await Deno.chmod(root, 0o755);
  await Deno.rename(root, prefix);
}

/** Downloads the packages needed; gives the paths of the archives. */
async function download(major: number, release: string, work: string): Promise<string[]> {
  const folder = join(work, "archives");
  for (const name of ["lists/partial", "cache/archives/partial", "archives"]) {
    await Deno.mkdir(join(work, name), { recursive: true });
  }
  await Deno.writeTextFile(join(work, "status"), "");
  const signed = await Deno.stat(KEYRING).then(() => `[signed-by=${KEYRING}] `, () => "");
  await Deno.writeTextFile(join(work, "sources.list"), `deb ${signed}${await mirror(major)} ${release} main\n`);
  const apt = async (...args: string[]) =>
    await processText({ program: "apt-get", args: [...aptOptions(work), ...args], cwd: folder });
  await apt("update");
  const plan = await apt("install", "--simulate", `postgresql-${major}`, "patchelf");
  const packages = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)]
    .filter((match) => WANTED.test(match[1] ?? ""))
    .map((match) => `${match[1]}=${match[2]}`);
  await apt("download", ...packages);
  return [...Deno.readDirSync(folder)].map((entry) => join(folder, entry.name)).filter((path) => path.endsWith(".deb"));
}

/** Options that keep apt in a private folder. */
function aptOptions(work: string): string[] {
  return Object.entries({
    "Dir::Etc::sourcelist": join(work, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::Etc::preferences": "-",
    "Dir::Etc::preferencesparts": "-",
    "Dir::State::lists": join(work, "lists"),
    "Dir::State::status": join(work, "status"),
    "Dir::Cache": join(work, "cache"),
    "Acquire::Languages": "none",
    // The release files of old releases have run out.
    "Acquire::Check-Valid-Until": "false",
    "APT::Install-Recommends": "false",
    "APT::Sandbox::User": "root",
  }).map(([name, value]) => `--option=${name}=${value}`);
}

/** Address of the Debian mirror that this machine's apt uses. */
async function mirror(major: number): Promise<string> {
  let targets: string;
  try {
    targets = await processText({
      program: "apt-get",
      args: ["indextargets", "--format", "$(CREATED_BY) $(CODENAME) $(COMPONENT) $(REPO_URI)"],
    });
  } catch (cause) {
    throw cannot(major, "this machine has no apt", cause);
  }
  const osRelease = await Deno.readTextFile("/etc/os-release").catch(() => "");
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1] ?? "";
  const address = targets.split("\n").map((line) => line.split(" "))
    .find(([kind, name, component]) => kind === "Packages" && name === codename && component === "main")?.[3];
  if (!/^ID=debian$/m.test(osRelease) || address === undefined) throw cannot(major, "this machine is not Debian");
  return address;
}

/** Makes programs and their libraries find each other in `prefix`, where `root` will be. */
async function adapt(major: number, root: string, prefix: string): Promise<void> {
  const triplet = namesIn(join(root, "usr/lib")).find((name) => /-linux-(gnu|musl)/.test(name)) ?? "";
  const libraries = ["usr/lib", "lib"].map((folder) => join(folder, triplet));
  const loader = libraries
    .flatMap((folder) => namesIn(join(root, folder)).map((name) => join(folder, name)))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path));
  if (loader === undefined) throw cannot(major, "the packages hold no dynamic loader");
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

function cannot(major: number, state: string, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot install PostgreSQL ${major}: ${state}`, {
    code: "tool",
    cause,
    hint:
      `Install PostgreSQL ${major} (server and contrib) with the system's own means and put its bin folder into PATH.`,
  });
}
