import type { Socket } from "node:net";
import { Buffer } from "node:buffer";

/** Authentication requests that the driver answers; on others it would wait for ever. */
const ANSWERED: ReadonlySet<number> = new Set([0, 3, 5, 10, 11, 12]);

const SASL = 10;

/** What the server said last, if that was its reason for ending the session. */
export interface FatalMessage {
  readonly code: string;
  readonly message: string;
}

/**
 * Reads along on a connection for what the driver does not tell: which authentication is asked for, and the FATAL
 * message before a close (the driver reports only that the connection was closed).
 */
export class WireWatch {
  #authenticating = true;
  #sasl = false;
  #last: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.#last = chunk;
      if (this.#authenticating) this.#authentication(chunk, socket);
    });
  }

  /** Whether the server asked for SCRAM, so that the password must be prepared by SASLprep. */
  get sasl(): boolean {
    return this.#sasl;
  }

  /** The FATAL or PANIC message in what came last. */
  get fatal(): FatalMessage | undefined {
    const at = Math.max(this.#last.lastIndexOf("VFATAL\0"), this.#last.lastIndexOf("VPANIC\0"));
    if (at === -1) return undefined;
    const fields = this.#last.toString("utf8", at).split("\0");
    const field = (letter: string) => fields.find((text) => text.startsWith(letter))?.slice(1) ?? "";
    return { code: field("C"), message: field("M") };
  }

  #authentication(chunk: Buffer, socket: Socket): void {
    if (chunk[0] !== 0x52 || chunk.length < 9) {
      this.#authenticating = false;
      return;
    }
    const request = chunk.readUInt32BE(5);
    if (request === SASL) this.#sasl = true;
    if (request === 0) this.#authenticating = false;
    if (ANSWERED.has(request)) return;
    socket.destroy(
      Object.assign(
        new Error(
          `the server asks for authentication method ${request} (GSS, SSPI or Kerberos), which is not supported`,
        ),
        { code: "28000" },
      ),
    );
  }
}
