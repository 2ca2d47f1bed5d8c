import { PgstrataError } from "../base/mod.ts";
import { maskedTarget } from "./masked_target.ts";
import type { EndpointKind, Target } from "./target.ts";

/**
 * Refuses an endpoint that cannot serve a backup: transaction poolers give each transaction another server
 * session, so that an exported snapshot, `SET` and `COPY` of several connections do not belong together.
 *
 * @throws {PgstrataError} code `connection`; the hint shows the right URL, the password masked.
 */
export function refuseUnusable(target: Target): void {
  const first = target.hosts[0];
  if (first === undefined || !REFUSED.has(target.kind)) return;
  const sessionUrl = (user: string, host: string) => `postgresql://${user}:****@${host}:5432/${target.database}`;
  const right = target.kind === "supabase_transaction_pooler"
    ? `Use the session pooler, the same host with port 5432: ${sessionUrl(target.user, first.host)}`
    : `Use port 5432, the database itself: ${sessionUrl(target.user, first.host)}` +
      ` (IPv6 only unless the project has the IPv4 add-on; over IPv4 use the session pooler's URL)`;
  throw new PgstrataError(`Cannot back up through port ${first.port}: it is a transaction pooler`, {
    code: "connection",
    hint: `A backup needs one server session from beginning to end, which a transaction pooler does not give. ${right}`,
    context: { environment: target.environment, target: maskedTarget(target), source: target.source },
  });
}

const REFUSED: ReadonlySet<EndpointKind> = new Set(["supabase_transaction_pooler", "supabase_dedicated_pooler"]);
