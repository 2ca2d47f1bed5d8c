import { connect as connectTcp } from "node:net";
import { checkServerIdentity, connect as connectTls, type PeerCertificate } from "node:tls";
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import type { PinnedTarget } from "../connection/mod.ts";

/** What a server shows of itself. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Whether it is for the host as written in the target. */
  readonly namesHost: boolean;
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * The certificate of a server, whatever it is worth: nothing is checked and nothing is sent.
 *
 * @param timeout milliseconds for all of it
 * @returns null when the server does not offer TLS
 * @throws the system's error
 */
export async function readServerCertificate(target: PinnedTarget, timeout: number): Promise<ServerCertificate | null> {
  const socket = connectTcp({ host: target.hostaddr ?? target.host, port: target.port });
  const timer = setTimeout(() => socket.destroy(new Error("the server did not answer in time")), timeout);
  try {
    return await new Promise<ServerCertificate | null>((resolve, reject) => {
      socket.on("error", reject).on("close", () => reject(new Error("the server closed the connection")));
      socket.once("connect", () => socket.write(SSL_REQUEST));
      socket.once("data", (answer: Buffer) => {
        if (answer[0] !== 0x53) return resolve(null);
        const secure = connectTls({
          socket,
          rejectUnauthorized: false,
          ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
        });
        secure.on("error", reject);
        secure.once("secureConnect", () => resolve(described(secure.getPeerCertificate(), target.host)));
      });
    });
  } finally {
    clearTimeout(timer);
    await new Promise<void>((resolve) => {
      if (socket.closed) return resolve();
      socket.once("close", () => resolve());
      socket.on("error", () => {}).destroy();
    });
  }
}

function described(certificate: PeerCertificate, host: string): ServerCertificate {
  const name = (names: PeerCertificate["subject"] | undefined) => names?.CN ?? names?.O ?? "without a name";
  return {
    subject: String(name(certificate.subject)),
    issuer: String(name(certificate.issuer)),
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    namesHost: checkServerIdentity(host, certificate) === undefined,
  };
}
