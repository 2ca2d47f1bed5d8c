import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { messageOf, toPgstrataError } from "../base/mod.ts";
import { maskedHost, type PinnedTarget, pinTarget, type ResolveHost, type Target } from "../connection/mod.ts";
import { type Check, ok, problem, problemOf } from "./check.ts";

/** What is needed to look at the way to a server. */
export interface NetworkDeps {
  /** Addresses of a name; default the system's resolver. */
  readonly resolve?: ResolveHost;
  readonly signal?: AbortSignal;
}

/** The way to a server: how far it goes, and the server if it goes all the way. */
export interface Way {
  readonly checks: readonly Check[];
  readonly pinned: PinnedTarget | null;
}

const ONCE = { attempts: 1, firstWait: 1, longestWait: 1 };

/** Seconds to wait for an address where the target says nothing: a doctor is not patient. */
const TIMEOUT = 5;

/** Resolves the host's name and connects to what it has: DNS and route. */
export async function wayTo(target: Target, deps: NetworkDeps): Promise<Way> {
  const resolve = deps.resolve ?? systemResolve;
  const found = await Promise.all(target.hosts.map(async ({ host, hostaddr }) => {
    const fixed = hostaddr ?? (host.startsWith("/") || isIP(host) !== 0 ? host : undefined);
    if (fixed !== undefined) return { host, addresses: [fixed], named: false, error: null };
    try {
      return { host, addresses: [...await resolve(host)], named: true, error: null };
    } catch (error) {
      return { host, addresses: [], named: true, error: messageOf(error) };
    }
  }));
  const known = new Map(found.map(({ host, addresses }) => [host, addresses]));
  try {
    const pinned = await pinTarget({ ...target, connectTimeout: target.connectTimeout ?? TIMEOUT }, {
      // What was found is what is tried; the resolver's own error is thrown again by asking it.
      resolve: (host) => Promise.resolve(known.get(host)?.length ? known.get(host) ?? [] : resolve(host)),
      retry: ONCE,
      ...(deps.signal === undefined ? {} : { signal: deps.signal }),
    });
    return { pinned, checks: [dnsCheck(found), ok("route", `${maskedHost(pinned)} answers${via(pinned)}`)] };
  } catch (thrown) {
    deps.signal?.throwIfAborted();
    const error = toPgstrataError(thrown);
    if (found.every(({ addresses }) => addresses.length === 0)) {
      return { pinned: null, checks: [problemOf("dns", error)] };
    }
    const addresses = found.flatMap((each) => each.addresses);
    const onlyIpv6 = addresses.every((address) => isIPv6(address));
    const route = onlyIpv6 ? ipv6Problem(target, addresses) : problemOf("route", error);
    return { pinned: null, checks: [dnsCheck(found), route] };
  }
}

interface FoundHost {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly named: boolean;
}

function dnsCheck(found: readonly FoundHost[]): Check {
  const named = found.filter((each) => each.named);
  if (named.length === 0) return ok("dns", "no name to resolve: an address or a socket is given");
  const missing = named.filter(({ addresses }) => addresses.length === 0);
  const details = named.map(({ host, addresses }) => {
    const v6 = addresses.filter((address) => isIPv6(address)).length;
    return `${host}: ${addresses.length - v6} IPv4 (A), ${v6} IPv6 (AAAA)`;
  });
  return missing.length === 0
    ? ok("dns", "the host's name resolves", details)
    : problem("dns", "one of the hosts has no address", "Check its spelling", details);
}

/** The most frequent complaint: Supabase's direct host has IPv6 only, and CI runners and Docker have none. */
function ipv6Problem(target: Target, addresses: readonly string[]): Check {
  const suffix = target.environment.toUpperCase().replaceAll("-", "_");
  const fix = target.kind === "supabase_direct"
    ? `echo 'SUPABASE_POOLER_HOST_${suffix}="aws-0-REGION.pooler.supabase.com"' >> .env` +
      "   # the session pooler's host: dashboard, Connect, Session pooler; or book the IPv4 add-on"
    : "Use an address with IPv4, or give this machine IPv6 (Docker: enable_ipv6; GitHub's runners have none)";
  return problem(
    "route",
    "the host has only IPv6 addresses, and this machine cannot reach them",
    fix,
    addresses.map((address) => `tried ${address}`),
  );
}

function via({ hostaddr }: PinnedTarget): string {
  return hostaddr === undefined ? "" : ` over ${isIPv6(hostaddr) ? "IPv6" : "IPv4"}`;
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
