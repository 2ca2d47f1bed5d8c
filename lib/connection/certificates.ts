import { resolve } from "@std/path";
import type { PinnedTarget, Target } from "./target.ts";

/** Where systems keep the public authorities' certificates; for `sslrootcert=system`, which libpq knows from 16 on. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/opt/homebrew/etc/openssl@3/cert.pem",
];

/** The certificate files of a target. */
export type CertificateFiles = Pick<PinnedTarget, "sslrootcert" | "sslcert" | "sslkey">;

/**
 * Which certificate files count, found once for the driver and PostgreSQL's programs: those of the target, else libpq's
 * default ones in `~/.postgresql`. Paths become absolute; `system` becomes the system's bundle if there is one.
 */
export async function certificateFiles(target: Target): Promise<CertificateFiles> {
  const inHome = async (name: string): Promise<string | undefined> => {
    const path = target.home === undefined ? undefined : `${target.home}/.postgresql/${name}`;
    return path !== undefined && (await exists(path)) ? path : undefined;
  };
  const sslrootcert = target.sslrootcert === "system"
    ? (await firstExisting(SYSTEM_BUNDLES)) ?? "system"
    : absolute(target.sslrootcert) ?? (await inHome("root.crt"));
  const sslcert = absolute(target.sslcert) ?? (await inHome("postgresql.crt"));
  const sslkey = absolute(target.sslkey) ?? (await inHome("postgresql.key"));
  return {
    ...(sslrootcert === undefined ? {} : { sslrootcert }),
    ...(sslcert === undefined ? {} : { sslcert }),
    ...(sslkey === undefined ? {} : { sslkey }),
  };
}

/** Whether there is a file at a path that this user may see. */
export async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}
