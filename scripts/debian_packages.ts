import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { processText, TempFolder } from "../lib/system/mod.ts";

/** Debian's keys, where the package of the keyring is installed. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Packages unpacked at the same time. */
const JOBS = 2;

/** What to unpack. */
export interface UnpackRequest {
  /** What it is, for errors, and what helps where it cannot be had; default the packages. */
  readonly purpose?: { readonly what: string; readonly hint: string };
  /** Debian release, such as `trixie`. */
  readonly release: string;
  /** Packages wanted; what they depend on comes along. */
  readonly packages: readonly string[];
  /** Of what comes along, the names to leave out. */
  readonly without: RegExp;
  /** Folder to make, at once or not at all. */
  readonly prefix: string;
  /** Makes what was unpacked into `root` fit for `prefix`, before it stands there. */
  readonly adapt?: (root: string) => Promise<void>;
}

/**
 * Downloads packages of a Debian release and unpacks them into a folder, without touching the system's own.
 * Nothing is configured and no script of a package runs. No root needed.
 *
 * @throws {PgstrataError} code `tool` where there is no apt, no Debian, or no such package.
 */
export async function unpackPackages(request: UnpackRequest): Promise<void> {
  const { release, packages, without, prefix } = request;
  const cannot = (state: string, cause?: unknown) => cannotInstall(request, state, cause);
  await using work = await TempFolder.create({ parent: join(prefix, ".."), prefix: ".unpack-" });
  const root = join(work.path, "root");
  const folder = join(work.path, "archives");
  try {
    for (const name of ["lists/partial", "cache/archives/partial", "archives", "root"]) {
      await Deno.mkdir(join(work.path, name), { recursive: true, mode: 0o755 });
    }
    await Deno.writeTextFile(join(work.path, "status"), "");
    const signed = await Deno.stat(KEYRING).then(() => `[signed-by=${KEYRING}] `, () => "");
    await Deno.writeTextFile(join(work.path, "sources.list"), `deb ${signed}${await mirror(cannot)} ${release} main\n`);
    const apt = async (...args: string[]) =>
      await processText({ program: "apt-get", args: [...aptOptions(work.path), ...args], cwd: folder });
    await apt("update");
    const plan = await apt("install", "--simulate", ...packages);
    const wanted = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)]
      .filter(([, name = ""]) => !without.test(name))
      .map(([, name, version]) => `${name}=${version}`);
    await apt("download", ...wanted);
    const archives = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".deb")).values();
    await Promise.all(Array.from({ length: JOBS }, async () => {
      for (const { name } of archives) await processText({ program: "dpkg", args: ["-x", join(folder, name), root] });
    }));
    await request.adapt?.(root);
  } catch (cause) {
    throw cause instanceof PgstrataError && cause.code === "tool" ? cause : cannot("apt cannot give it", cause);
  }
  await Deno.chmod(root, 0o755);
  await Deno.rename(root, prefix);
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
async function mirror(cannot: (state: string, cause?: unknown) => PgstrataError): Promise<string> {
  const format = "$(CREATED_BY) $(CODENAME) $(COMPONENT) $(REPO_URI)";
  let targets: string;
  try {
    targets = await processText({ program: "apt-get", args: ["indextargets", "--format", format] });
  } catch (cause) {
    throw cannot("this machine has no apt", cause);
  }
  const osRelease = await Deno.readTextFile("/etc/os-release").catch(() => "");
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1] ?? "";
  const address = targets.split("\n").map((line) => line.split(" "))
    .find(([kind, name, component]) => kind === "Packages" && name === codename && component === "main")?.[3];
  if (!/^ID=debian$/m.test(osRelease) || address === undefined) throw cannot("this machine is not Debian");
  return address;
}

function cannotInstall({ purpose, packages }: UnpackRequest, state: string, cause: unknown): PgstrataError {
  return new PgstrataError(`Cannot install ${purpose?.what ?? packages.join(", ")}: ${state}`, {
    code: "tool",
    cause,
    hint: purpose?.hint ?? "Run the tests that need it on Debian, or install it with the system's own means.",
  });
}
