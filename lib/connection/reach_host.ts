import { connect, isIP, type Socket } from "node:net";
import { codeOf } from "./connection_error.ts";
import { isSocketFolder } from "./endpoint_kind.ts";
import type { HostAddress } from "./target.ts";

/** Addresses of a host name, in the order to prefer. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Milliseconds until the next address is tried beside the one before (RFC 8305). */
const STAGGER = 250;

/**
 * Finds the address of a host that answers: all that the name resolves to are tried, each a quarter of a second after
 * the one before or as soon as that failed, and the first connection wins. So an IPv6 address that swallows packets costs little.
 *
 * @param timeout milliseconds for each address
 * @returns the address, or undefined for a Unix socket
 * @throws the most telling error when none answers: one that came from the host rather than from a missing route
 */
export async function reachHost(
  place: HostAddress,
  resolve: ResolveHost,
  timeout: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  signal?.throwIfAborted();
  if (isSocketFolder(place.host)) {
    await firstToAnswer([{ path: `${place.host}/.s.PGSQL.${place.port}` }], timeout, signal);
    return undefined;
  }
  const addresses = place.hostaddr !== undefined
    ? [place.hostaddr]
    : isIP(place.host) !== 0
    ? [place.host]
    : await resolve(place.host);
  const winner = await firstToAnswer(addresses.map((host) => ({ host, port: place.port })), timeout, signal);
  return addresses[winner];
}

type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

function firstToAnswer(endpoints: readonly Endpoint[], timeout: number, signal?: AbortSignal): Promise<number> {
  const sockets = new Set<Socket>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const errors: Error[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const after = (milliseconds: number, run: () => void) => timers.add(setTimeout(run, milliseconds));
  let next = 0;
  const start = () => {
    const index = next++;
    const endpoint = endpoints[index];
    if (endpoint === undefined) return;
    const socket = connect(endpoint);
    sockets.add(socket);
    const failed = (error: Error) => {
      // A late error of a socket that already failed or lost must not become an uncaught exception.
      socket.off("error", failed).on("error", () => {}).destroy();
      errors.push(error);
      if (errors.length === endpoints.length) reject(mostTelling(errors));
      else if (next === index + 1) start();
    };
    socket.once("connect", () => resolve(index)).on("error", failed);
    after(timeout, () => failed(Object.assign(new Error("the server did not answer in time"), { code: "ETIMEDOUT" })));
    if (index + 1 < endpoints.length) after(STAGGER, () => next === index + 1 && start());
  };
  if (endpoints.length === 0) reject(Object.assign(new Error("the name has no address"), { code: "ENOTFOUND" }));
  else start();
  const stop = () => reject(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  return promise.finally(async () => {
    signal?.removeEventListener("abort", stop);
    for (const timer of timers) clearTimeout(timer);
    const closing = [...sockets].map((socket) => closed(socket.on("error", () => {}).destroy()));
    await Promise.all(closing);
  });
}

function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Codes that say nothing about the host, only that we cannot get there. */
const NO_ROUTE: ReadonlySet<string> = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);

function mostTelling(errors: readonly Error[]): Error {
  return errors.find((error) => !NO_ROUTE.has(codeOf(error))) ?? errors[0] ?? new Error("nothing was tried");
}
