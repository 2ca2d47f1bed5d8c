import { join } from "@std/path";
import { processText } from "../lib/system/mod.ts";
import { cacheFolder, waitForLock } from "./postgres_versions.ts";

/**
 * Installs Debian packages into the system; only root may. Test files run beside each other, and apt-get refuses while
 * another one is at it: one of ours at a time, and those of others are waited for where apt-get can.
 *
 * @throws {PgstrataError} with what apt-get said
 */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  using _lock = await waitForLock(join(cacheFolder(), "apt.lock"), `install ${packages.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=300"];
  await processText({ program: "apt-get", args: ["update", ...patient], env });
  const args = ["install", "-y", ...patient, "--no-install-recommends", ...packages];
  await processText({ program: "apt-get", args, env });
}
