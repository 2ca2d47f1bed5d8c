import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions, type SecureVersion } from "node:tls";
import { exists } from "./certificates.ts";
import { ConnectionError } from "./connection_error.ts";
import { isSocketFolder } from "./endpoint_kind.ts";
import { maskedTarget } from "./masked_target.ts";
import type { PinnedTarget } from "./target.ts";

/** One way to come to a server. `offered`: encrypted if the server offers it, else plain. */
export type Encryption = "plain" | "offered" | "encrypted";

/** The ways libpq tries for a `sslmode`, in its order; the next one only after TLS failed or the login was refused. */
export function encryptionAttempts(target: PinnedTarget): readonly Encryption[] {
  if (isSocketFolder(target.host)) return ["plain"];
  switch (target.sslmode) {
    case "disable":
      return ["plain"];
    case "allow":
      return ["plain", "encrypted"];
    case "prefer":
      return ["offered", "plain"];
    case "require":
    case "verify-ca":
    case "verify-full":
      return ["encrypted"];
  }
}

/**
 * libpq's `sslmode` and certificates as options of `tls.connect`: the only place that maps them.
 *
 * Like libpq, a root certificate that exists is used to check the chain in every mode (`initialize_SSL` in
 * fe-secure-openssl.c); the name is checked with `verify-full` alone, against the host as written, not its address.
 *
 * @throws {ConnectionError} when a file that is needed is missing or a key is open to others
 */
export async function tlsOptions(target: PinnedTarget): Promise<ConnectionOptions> {
  const { sslmode, parameters = {} } = target;
  const wrong = (state: string, hint: string) =>
    new ConnectionError(`Cannot connect to ${maskedTarget(target)}: ${state}`, "permanent", { hint });
  if (target.parameters?.sslcrldir !== undefined) {
    throw wrong("sslcrldir is not supported", "Name one revocation list with sslcrl=FILE.");
  }
  const root = await rootCertificates(target, wrong);
  const needsRoot = sslmode === "verify-ca" || sslmode === "verify-full";
  if (needsRoot && root === undefined) {
    throw wrong(
      `sslmode=${sslmode} needs a root certificate file, and ${
        target.sslrootcert === undefined ? "none exists" : `${target.sslrootcert} does not`
      }`,
      "Name it with sslrootcert=FILE (Supabase: Database Settings, SSL Configuration), or use sslrootcert=system.",
    );
  }
  const named = sslmode === "verify-full";
  return {
    rejectUnauthorized: root !== undefined,
    checkServerIdentity: (_name, certificate) => named ? checkServerIdentity(target.host, certificate) : undefined,
    ...(isIP(target.host) !== 0 || parameters.sslsni === "0" ? {} : { servername: target.host }),
    ...(typeof root === "string" ? { ca: root } : {}),
    ...await clientCertificate(target, wrong),
    ...(parameters.sslcrl === undefined ? {} : { crl: await Deno.readTextFile(parameters.sslcrl) }),
    ...(parameters.sslnegotiation === "direct" ? { ALPNProtocols: ["postgresql"] } : {}),
    ...version("minVersion", parameters.ssl_min_protocol_version),
    ...version("maxVersion", parameters.ssl_max_protocol_version),
  };
}

type Wrong = (state: string, hint: string) => ConnectionError;

/** The text of the trusted certificates; `true` for those built into the runtime; nothing where there are none. */
async function rootCertificates(target: PinnedTarget, wrong: Wrong): Promise<string | true | undefined> {
  if (target.sslrootcert === undefined) return undefined;
  if (target.sslrootcert === "system") return true;
  if (!(await exists(target.sslrootcert))) return undefined;
  try {
    return await Deno.readTextFile(target.sslrootcert);
  } catch {
    throw wrong(`${target.sslrootcert} cannot be read`, "Make the file readable for this user.");
  }
}

async function clientCertificate(target: PinnedTarget, wrong: Wrong): Promise<ConnectionOptions> {
  const { sslcert, sslkey, sslpassword } = target;
  if (sslcert === undefined || target.parameters?.sslcertmode === "disable" || !(await exists(sslcert))) return {};
  if (sslkey === undefined || !(await exists(sslkey))) {
    throw wrong(`there is a client certificate ${sslcert}, but no key for it`, "Name the key with sslkey=FILE.");
  }
  const { mode, uid } = await Deno.stat(sslkey);
  // libpq refuses such keys, so that pg_dump would fail later.
  if (mode !== null && (mode & (uid === 0 ? 0o037 : 0o077)) !== 0) {
    throw wrong(`the key ${sslkey} is open to other users`, `Run: chmod 600 ${sslkey}`);
  }
  return {
    cert: await Deno.readTextFile(sslcert),
    key: await Deno.readTextFile(sslkey),
    ...(sslpassword === undefined ? {} : { passphrase: sslpassword.reveal() }),
  };
}

function version(name: "minVersion" | "maxVersion", value: string | undefined): ConnectionOptions {
  return value === undefined || value === "" ? {} : { [name]: value as SecureVersion };
}
