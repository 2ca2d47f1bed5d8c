import type { EndpointKind, HostAddress } from "./target.ts";

const SUPABASE_DIRECT = /^db\.([a-z0-9]+)\.supabase\.(?:co|com|red|green)$/i;
const SUPABASE_POOLER = /\.pooler\.supabase\.(?:co|com|red|green)$/i;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i;

/** Ports on which, besides Supabase's, PgBouncer usually listens. A guess: the session checks it. */
const PGBOUNCER_PORTS: ReadonlySet<number> = new Set([6432, 6543]);

/**
 * Tells what stands at an address from its name, port and user alone.
 * `pgbouncer` is a guess by port; {@linkcode Session.pooled} tells after connecting.
 */
export function endpointKind(address: HostAddress, user: string): { kind: EndpointKind; projectRef?: string } {
  const direct = SUPABASE_DIRECT.exec(address.host)?.[1];
  if (direct !== undefined) {
    return { kind: address.port === 6543 ? "supabase_dedicated_pooler" : "supabase_direct", projectRef: direct };
  }
  if (SUPABASE_POOLER.test(address.host)) {
    const kind = address.port === 6543 ? "supabase_transaction_pooler" : "supabase_session_pooler";
    const projectRef = /\.([a-z0-9]+)$/.exec(user)?.[1];
    return projectRef === undefined ? { kind } : { kind, projectRef };
  }
  if (PGBOUNCER_PORTS.has(address.port)) return { kind: "pgbouncer" };
  return { kind: isSocketFolder(address.host) || LOOPBACK.test(address.host) ? "local" : "direct" };
}

/** Whether a host is the folder of a Unix socket. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith("/") || host.startsWith("@");
}
