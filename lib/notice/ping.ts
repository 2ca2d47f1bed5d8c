import { Secret } from "../base/mod.ts";
import { post, type PostOptions, readAddress } from "./post.ts";
import { outcomeLine } from "./outcome_text.ts";
import type { RunOutcome } from "./run_outcome.ts";

/** What a ping says. */
export type PingKind = "start" | "success" | "fail";

const SUFFIX: Readonly<Record<PingKind, string>> = { start: "/start", success: "", fail: "/fail" };

/** Bytes of a body that healthchecks keeps in full. */
const BODY_LIMIT = 10_000;

/**
 * The address of a ping as healthchecks.io and its likes have it: `URL/start`, `URL`, `URL/fail`; a query stays at
 * the end. `rid` is the id of the run, so that runs of several environments can overlap.
 *
 * @throws {NoticeError} when it is no address
 */
export function pingAddress(url: Secret, kind: PingKind, runId: string): Secret {
  const address = readAddress({ url, purpose: "ping" });
  address.pathname = address.pathname.replace(/\/+$/, "") + SUFFIX[kind];
  address.searchParams.set("rid", runId);
  return new Secret(address.href);
}

/** A run with somebody who waits for its pings. */
export interface Ping {
  readonly url: Secret;
  /** A UUID. */
  readonly runId: string;
}

/** Tells that a run begins. @throws {NoticeError} */
export async function pingStart({ url, runId }: Ping, body: string, options?: PostOptions): Promise<void> {
  await send(pingAddress(url, "start", runId), body, options);
}

/** Tells how a run ended: success only when every environment's backup is complete. @throws {NoticeError} */
export async function pingEnd(
  { url, runId }: Ping,
  outcomes: readonly RunOutcome[],
  options?: PostOptions,
): Promise<void> {
  const good = outcomes.length > 0 && outcomes.every(({ status }) => status === "complete");
  const body = outcomes.length === 0 ? "nothing was backed up" : outcomes.map(outcomeLine).join("\n");
  await send(pingAddress(url, good ? "success" : "fail", runId), body, options);
}

async function send(url: Secret, body: string, options?: PostOptions): Promise<void> {
  await post(
    { url, purpose: "ping", contentType: "text/plain; charset=utf-8", body: body.slice(0, BODY_LIMIT) },
    options,
  );
}
