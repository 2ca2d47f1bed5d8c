import { lookup } from "node:dns/promises";
import { causeMessages, CONNECTION_RETRY, messageOf, retry, type RetryPolicy, Secret } from "../base/mod.ts";
import { certificateFiles } from "./certificates.ts";
import { ConnectionError, connectionError, isTransient } from "./connection_error.ts";
import { endpointKind } from "./endpoint_kind.ts";
import { maskedHost, maskedTarget } from "./masked_target.ts";
import { passwordFromFile } from "./password_file.ts";
import { reachHost, type ResolveHost } from "./reach_host.ts";
import { openSession } from "./session.ts";
import type { HostAddress, PinnedTarget, Target, TargetSessionAttrs } from "./target.ts";

/** Milliseconds to wait for one address where the target says nothing. */
const PROBE_TIMEOUT = 10_000;

/** How to pin a target. */
export interface PinOptions {
  readonly signal?: AbortSignal;
  /** Addresses of a name; default the system's resolver, `/etc/hosts` included. */
  readonly resolve?: ResolveHost;
  /** Told before each new attempt, with the reason. */
  readonly onRetry?: (message: string) => void;
  /** Told when the password file is ignored. */
  readonly onWarning?: (message: string) => void;
  /** Patience while no host answers; default three attempts. */
  readonly retry?: RetryPolicy;
}

/**
 * Chooses one host and one address, once, so that every process of a run talks to the same server: the first host that
 * accepts a connection and has the session attributes wanted. Password file and certificate files are settled here, too.
 *
 * @throws {ConnectionError} code `connection`, with a hint for the cause, when none answers
 */
export function pinTarget(target: Target, options: PinOptions = {}): Promise<PinnedTarget> {
  const policy = options.retry ?? CONNECTION_RETRY;
  let attempt = 0;
  return retry(
    () => pinOnce(target, options),
    policy,
    (error) => {
      if (!isTransient(error)) return false;
      if (++attempt < policy.attempts) options.onRetry?.(`${messageOf(error)}; trying again`);
      return true;
    },
    options.signal,
  );
}

async function pinOnce(target: Target, options: PinOptions): Promise<PinnedTarget> {
  const wanted = target.targetSessionAttrs ?? "any";
  const places = target.randomHosts === true ? shuffled(target.hosts) : target.hosts;
  const errors: ConnectionError[] = [];
  // libpq's prefer-standby goes round twice: standbys first, then anybody.
  for (const attrs of wanted === "prefer-standby" ? ["standby", "any"] as const : [wanted]) {
    for (const place of places) {
      try {
        const pinned = await pinHost(target, place, options);
        if (await hasAttributes(pinned, attrs, options)) return pinned;
        errors.push(
          new ConnectionError(`Cannot use ${maskedTarget(pinned)}: the server is not ${attrs}`, "permanent", {}),
        );
      } catch (error) {
        options.signal?.throwIfAborted();
        const known = connectionError(error, { ...target, hosts: [place], ...kindOf(target, place) });
        // As libpq: a refused login ends the search, only a host that cannot be reached is passed over.
        if (!(known instanceof ConnectionError) || places.length === 1) throw known;
        errors.push(known);
      }
    }
  }
  throw noneAnswers(target, errors);
}

async function pinHost(target: Target, place: HostAddress, options: PinOptions): Promise<PinnedTarget> {
  const timeout = target.connectTimeout === undefined ? PROBE_TIMEOUT : target.connectTimeout * 1000;
  const hostaddr = await reachHost(place, options.resolve ?? systemResolve, timeout, options.signal);
  const fromFile = target.password === undefined ? await passwordFromFile(target, place, options.onWarning) : undefined;
  return {
    ...target,
    ...kindOf(target, place),
    ...(fromFile === undefined ? {} : { password: new Secret(fromFile) }),
    ...await certificateFiles(target),
    host: place.host,
    port: place.port,
    ...(hostaddr === undefined ? {} : { hostaddr }),
  };
}

async function hasAttributes(
  pinned: PinnedTarget,
  attrs: Exclude<TargetSessionAttrs, "prefer-standby">,
  options: PinOptions,
): Promise<boolean> {
  if (attrs === "any") return true;
  await using session = await openSession(pinned, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.retry === undefined ? {} : { retry: options.retry }),
  });
  const [row] = await session.query<{ readonly: boolean }>(
    "SELECT pg_catalog.current_setting('transaction_read_only') = 'on' AS readonly",
  );
  switch (attrs) {
    case "primary":
      return !session.inRecovery;
    case "standby":
      return session.inRecovery;
    case "read-write":
      return row?.readonly === false;
    case "read-only":
      return row?.readonly === true;
  }
}

/** The first host tells the kind of a target; another one may be of another kind. */
function kindOf(target: Target, place: HostAddress): Pick<Target, "kind"> {
  return { kind: place === target.hosts[0] ? target.kind : endpointKind(place, target.user).kind };
}

function noneAnswers(target: Target, errors: readonly ConnectionError[]): ConnectionError {
  const transient = errors.some(isTransient);
  const hint = errors.find((error) => error.hint !== undefined)?.hint;
  return new ConnectionError(
    `Cannot connect to ${maskedTarget(target)}: none of ${target.hosts.length} hosts can be used`,
    transient ? "transient" : "permanent",
    {
      ...(hint === undefined ? {} : { hint }),
      context: { environment: target.environment, source: target.source, hosts: maskedHost(target) },
      cause: new Error(errors.map((error) => [error.message, ...causeMessages(error)].join(": ")).join("\n")),
    },
  );
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, key: Math.random() })).sort((a, b) => a.key - b.key).map(({ value }) => value);
}
