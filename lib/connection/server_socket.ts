import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Buffer } from "node:buffer";
import { isSocketFolder } from "./endpoint_kind.ts";
import type { PinnedTarget } from "./target.ts";
import { type Encryption, tlsOptions } from "./tls_options.ts";

/** Milliseconds to wait for a connection where the target says nothing. */
export const DEFAULT_CONNECT_TIMEOUT = 15_000;

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** A connection over which nothing of the protocol but the TLS negotiation was said. */
export interface ServerSocket {
  readonly socket: Socket;
  readonly encrypted: boolean;
}

/** TLS could not be set up, for whatever reason; libpq's `prefer` then tries without. */
export class TlsError extends Error {
  readonly code: string;

  constructor(cause: Error & { code?: string }) {
    super(cause.message, { cause });
    this.code = cause.code ?? "ERR_TLS";
  }
}

/**
 * Connects to a pinned target, with TLS where asked for. The driver gets the finished socket: its own TLS knows
 * neither root certificates nor the name behind a pinned address, and goes on without TLS checks.
 *
 * @param timeout milliseconds for all of it
 * @throws the system's error, {@linkcode TlsError}, or the signal's reason; no socket is left open
 */
export async function openServerSocket(
  target: PinnedTarget,
  encryption: Encryption,
  timeout: number,
  signal?: AbortSignal,
): Promise<ServerSocket> {
  signal?.throwIfAborted();
  const options = encryption === "plain" ? undefined : await tlsOptions(target);
  const raw = isSocketFolder(target.host)
    ? connectTcp({ path: `${target.host}/.s.PGSQL.${target.port}` })
    : connectTcp({ host: target.hostaddr ?? target.host, port: target.port, noDelay: true });
  const expired = () => {
    raw.destroy(Object.assign(new Error("the server did not answer in time"), { code: "ETIMEDOUT" }));
  };
  const timer = setTimeout(expired, timeout);
  const stop = () => raw.destroy(new Error("interrupted"));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await event(raw, "connect");
    if (options === undefined) return { socket: raw, encrypted: false };
    if (target.parameters?.sslnegotiation !== "direct") {
      raw.write(SSL_REQUEST);
      const answer = await event<Buffer>(raw, "data");
      // More than one byte would be text put in by somebody on the way (CVE-2021-23222).
      if (answer.length !== 1) throw new TlsError(new Error("the server's answer to the TLS request is malformed"));
      if (answer[0] !== 0x53) {
        if (encryption === "offered") return { socket: raw, encrypted: false };
        throw new TlsError(new Error("the server does not offer TLS"));
      }
    }
    const secure = connectTls({ ...options, socket: raw });
    secure.once("close", () => raw.destroy());
    await event(secure, "secureConnect").catch((error) => {
      secure.destroy();
      throw raw.errored ?? new TlsError(error);
    });
    return { socket: secure, encrypted: true };
  } catch (error) {
    raw.destroy();
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** Waits for one event of a socket; its error or end comes first as a rejection. */
function event<T>(socket: Socket, name: "connect" | "data" | "secureConnect"): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      socket.off(name, came).off("error", failed).off("close", closed);
      // A socket without a listener would make its next error an uncaught exception.
      socket.on("error", () => {});
      finish();
    };
    const came = (value: T) => settle(() => resolve(value));
    const failed = (error: Error) => settle(() => reject(error));
    const closed = () =>
      settle(() =>
        reject(socket.errored ?? Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" }))
      );
    socket.once(name, came).once("error", failed).once("close", closed);
  });
}
