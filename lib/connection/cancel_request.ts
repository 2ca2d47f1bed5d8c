import { Buffer } from "node:buffer";
import { openServerSocket } from "./server_socket.ts";
import type { PinnedTarget } from "./target.ts";

/** What the server gave to cancel a session's work with. */
export interface CancelKey {
  readonly pid: number;
  readonly secret: number;
}

/** Milliseconds a cancel request may take. */
const CANCEL_TIMEOUT = 3_000;

/**
 * Asks the server to cancel what a session runs, over a connection of its own (protocol: CancelRequest). A backend that
 * waits or computes does not see that its client has gone. A request, not a promise: never throws.
 */
export async function requestCancel(target: PinnedTarget, key: CancelKey, encrypted: boolean): Promise<void> {
  try {
    const { socket } = await openServerSocket(target, encrypted ? "encrypted" : "plain", CANCEL_TIMEOUT);
    const message = Buffer.alloc(16);
    message.writeUInt32BE(16, 0);
    message.writeUInt32BE(80877102, 4);
    message.writeUInt32BE(key.pid >>> 0, 8);
    message.writeUInt32BE(key.secret >>> 0, 12);
    // The server acts first and closes then. We must not close before: PgBouncer forgets the request of a client that went.
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const timer = setTimeout(() => socket.destroy(), CANCEL_TIMEOUT);
    socket.resume();
    socket.write(message);
    await closed;
    clearTimeout(timer);
  } catch {
    // The server is gone or full: there is nothing left to cancel, or nothing we can do.
  }
}
