import { join } from "@std/path";
import { PgstrataError, Secret } from "../base/mod.ts";
import type { ServerUser } from "./server_user.ts";

/** Certificate and key of a server, PEM text. */
export interface ServerTls {
  readonly certificate: string;
  readonly key: string;
  /** Refuses TCP connections without TLS. Default: both are taken. */
  readonly required?: boolean;
}

/** How a disposable server listens on 127.0.0.1. */
export interface TcpOptions {
  /** The superuser's password (SCRAM). */
  readonly password: Secret;
  /** Offers TLS. */
  readonly tls?: ServerTls;
  /** Port; default one that is free now. */
  readonly port?: number;
}

/** {@linkcode TcpOptions} with everything chosen. */
export interface ChosenTcp extends TcpOptions {
  readonly port: number;
  /** Whether the port is one of ours: any other would do, too. */
  readonly anyPort: boolean;
}

/** Options with a port and a password chosen; null for no TCP. */
export function openTcp(tcp: boolean | TcpOptions): ChosenTcp | null {
  if (tcp === false) return null;
  const given = tcp === true ? { password: new Secret(crypto.randomUUID()) } : tcp;
  return { ...given, port: given.port ?? freePort(), anyPort: given.port === undefined };
}

/** Writes certificate and key beside the data; gives the settings that use them. */
export async function writeTls(
  dataFolder: string,
  user: ServerUser | null,
  tls: ServerTls,
): Promise<Record<string, string>> {
  for (const [name, content] of [["server.crt", tls.certificate], ["server.key", tls.key]] as const) {
    const path = join(dataFolder, name);
    await Deno.writeTextFile(path, content, { mode: 0o600 });
    if (user !== null) await Deno.chown(path, user.uid, user.gid);
  }
  if (tls.required === true) {
    const path = join(dataFolder, "pg_hba.conf");
    await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replaceAll(/^host\b/gm, "hostssl"));
  }
  return { ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key" };
}

/** Ports below those that systems hand out to whoever asks for any, to clients above all: nobody gets one by chance. */
const PORTS = { first: 15_000, count: 15_000, attempts: 100 };

/** A TCP port of 127.0.0.1 nobody listens on at this moment. */
export function freePort(): number {
  for (let attempt = 0; attempt < PORTS.attempts; attempt++) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new PgstrataError(`Cannot find a free port: ${PORTS.attempts} were all taken`);
}
