import { messageOf } from "../base/mod.ts";
import type { PinnedTarget } from "../connection/mod.ts";
import { type Check, ok, problem, warning } from "./check.ts";
import { readServerCertificate, type ServerCertificate } from "./server_certificate.ts";

const DAY = 86_400_000;

/** Days before its end from which a certificate is spoken of. */
const SOON = 21;

/** Milliseconds to wait for it. */
const TIMEOUT = 5_000;

/** The server's certificate: dates and name. Nothing for sockets and where TLS is turned off. */
export async function certificateCheck(target: PinnedTarget, now: Date): Promise<Check[]> {
  if (target.hostaddr === undefined || target.sslmode === "disable") return [];
  try {
    const certificate = await readServerCertificate(target, TIMEOUT);
    return [certificate === null ? withoutTls(target) : judged(certificate, target, now)];
  } catch (error) {
    return [warning("certificate", `the server's certificate cannot be read: ${messageOf(error)}`, null)];
  }
}

function withoutTls(target: PinnedTarget): Check {
  if (target.kind === "local") return ok("certificate", "the server does not offer TLS; it is on this machine");
  const message = "the server does not offer TLS: data and backup cross the network in the clear";
  const fix = "Turn it on at the server: ALTER SYSTEM SET ssl = on (with a certificate)";
  return target.sslmode === "prefer" || target.sslmode === "allow"
    ? warning("certificate", message, fix)
    : problem("certificate", message, fix);
}

function judged(certificate: ServerCertificate, target: PinnedTarget, now: Date): Check {
  const { subject, issuer, validFrom, validTo, namesHost } = certificate;
  const checked = target.sslrootcert !== undefined || target.sslmode.startsWith("verify");
  const say = checked ? problem : warning;
  const day = (time: Date) => time.toISOString().slice(0, 10);
  const details = [`for ${subject}, by ${issuer}, valid from ${day(validFrom)} to ${day(validTo)}`];
  const renew = "Renew the server's certificate, then SELECT pg_reload_conf() on the server";
  if (validTo <= now) return say("certificate", `the server's certificate expired on ${day(validTo)}`, renew, details);
  if (validFrom > now) {
    return say(
      "certificate",
      `the server's certificate is valid from ${day(validFrom)} on`,
      "Check this machine's clock",
      details,
    );
  }
  if (!namesHost && target.sslmode === "verify-full") {
    const fix = "Use a name the certificate was made for, or sslmode=verify-ca, which trusts the authority alone";
    return problem("certificate", `the server's certificate is not for ${target.host}`, fix, details);
  }
  const left = Math.floor((validTo.getTime() - now.getTime()) / DAY);
  if (left < SOON) return warning("certificate", `the server's certificate expires in ${left} days`, renew, details);
  return ok("certificate", `the server's certificate is valid until ${day(validTo)}`, details);
}
