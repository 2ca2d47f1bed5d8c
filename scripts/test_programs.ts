/** Programs that tests take as judges, of Debian's packages: those of the system, else unpacked into the cache. */
import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { processText } from "../lib/system/mod.ts";
import { aptInstall } from "./apt_install.ts";
import { ensurePackages } from "./debian_cache.ts";

/** A program, and what it needs to run from where it was unpacked. */
export interface TestProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Package of each program, and where in it the program is. Null where it must be installed: zsh looks for its modules
 * in one place only, and pgbouncer runs as a user who cannot look into root's cache.
 */
const PACKAGES = {
  fish: { packages: ["fish"], path: "usr/bin/fish" },
  zsh: { packages: ["zsh"], path: null },
  groff: { packages: ["groff"], path: "usr/bin/groff" },
  pgbouncer: { packages: ["pgbouncer"], path: null },
  promtool: { packages: ["prometheus"], path: "usr/bin/promtool" },
} as const;

/** What belongs to a whole system only, or is on every one. */
const WITHOUT =
  /^(libc6|libc-bin|gcc-\d+-base|libgcc-s1|libcrypt1|debconf|adduser|passwd|init-system-helpers|lsb-base|dpkg|tar|sed|bc|man-db|xsel|xdg-utils|ca-certificates|daemon|perl(-base|-modules.*)?|libperl.*|prometheus-node-exporter.*|postgresql-common|postgresql-client-common|libjs-.*|fonts-.*|python3.*|libpython.*|media-types|mailcap|tzdata|netbase)$/;

/**
 * Finds a program, or unpacks its package into the cache (promtool: 19 MB to download, 96 MB unpacked).
 *
 * @throws {PgstrataError} code `tool` where neither works: no test is left out silently
 */
export async function ensureProgram(name: keyof typeof PACKAGES, look = systemPath): Promise<TestProgram> {
  const found = await look(name);
  if (found !== null) return { path: found, env: {} };
  const release = /^VERSION_CODENAME=(.*)$/m.exec(await Deno.readTextFile("/etc/os-release").catch(() => ""))?.[1];
  if (release === undefined) {
    throw new PgstrataError(`Cannot install ${name}: this machine is not Debian`, {
      code: "tool",
      hint: `Install the package ${PACKAGES[name].packages.join(" ")} with the system's own means.`,
    });
  }
  const { packages, path } = PACKAGES[name];
  if (path === null) return { path: await install(name, packages), env: {} };
  const root = await ensurePackages(`${name}-${release}-1`, { release, packages, without: WITHOUT });
  const triplet = Deno.build.arch === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const libraries = ["usr/lib", "lib"].map((folder) => join(root, folder, triplet));
  return { path: join(root, path), env: { LD_LIBRARY_PATH: libraries.join(":"), ...place(name, root) } };
}

/** Where programs look for their own files, which were meant for `/`. */
function place(name: keyof typeof PACKAGES, root: string): Record<string, string> {
  switch (name) {
    case "groff": {
      const share = join(root, "usr/share/groff");
      const version = folders(share).find((folder) => /\d$/.test(folder)) ?? "";
      return {
        GROFF_BIN_PATH: join(root, "usr/bin"),
        GROFF_FONT_PATH: join(version, "font"),
        GROFF_TMAC_PATH: join(version, "tmac"),
        PATH: `${join(root, "usr/bin")}:${Deno.env.get("PATH") ?? ""}`,
      };
    }
    default:
      return {};
  }
}

/** Installs into the system; only root may. */
async function install(name: string, packages: readonly string[]): Promise<string> {
  try {
    await aptInstall(packages);
    const path = await systemPath(name);
    if (path !== null) return path;
    throw new Error(`the packages have no ${name}`);
  } catch (cause) {
    throw new PgstrataError(`Cannot install ${name}: apt-get did not`, {
      code: "tool",
      cause,
      hint: `As root: apt-get install ${packages.join(" ")}`,
    });
  }
}

function folders(above: string): string[] {
  return [...Deno.readDirSync(above)].filter((entry) => entry.isDirectory).map((entry) => join(above, entry.name));
}

async function systemPath(name: string): Promise<string | null> {
  try {
    const path = `${Deno.env.get("PATH") ?? ""}:/usr/sbin`;
    return (await processText({ program: "/bin/sh", args: ["-c", `PATH='${path}'; command -v ${name}`] })).trim();
  } catch (error) {
    if (error instanceof PgstrataError) return null;
    throw error;
  }
}
