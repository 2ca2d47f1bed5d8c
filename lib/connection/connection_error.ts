import { maskSecrets, messageOf, PgstrataError, type PgstrataErrorOptions, type Secret } from "../base/mod.ts";
import { explain, type Persistence } from "./connection_cause.ts";
import { maskedTarget } from "./masked_target.ts";
import type { Target } from "./target.ts";

/** A connection that could not be made or was lost (exit code 4). */
export class ConnectionError extends PgstrataError {
  constructor(
    message: string,
    /** `transient`: soon; `full`: when others have ended their connections; `permanent`: never by itself. */
    readonly persistence: Persistence,
    options: Omit<PgstrataErrorOptions, "code">,
  ) {
    super(message, { ...options, code: "connection" });
  }
}

/** A statement that the server refused; the session goes on. The server's message is in `cause`. */
export class QueryError extends PgstrataError {
  /** Five characters, such as `42P01`. */
  readonly sqlstate: string;
  /** The server's message alone. */
  readonly serverMessage: string;
  /** The server's detail, where it gave one. */
  readonly detail: string | undefined;

  constructor(sqlstate: string, serverMessage: string, detail: string | undefined, hint: string | undefined) {
    super(`Cannot run statement: the server refused it with ${sqlstate}`, {
      cause: new Error(detail === undefined ? serverMessage : `${serverMessage}\n${detail}`),
      ...(hint === undefined ? {} : { hint }),
    });
    this.sqlstate = sqlstate;
    this.serverMessage = serverMessage;
    this.detail = detail;
  }
}

/** Makes an error of this room out of whatever a socket, TLS, the driver or the server threw. */
export function connectionError(thrown: unknown, target: Target, doing = "connect to"): PgstrataError {
  if (thrown instanceof PgstrataError) return thrown;
  const text = masked(messageOf(thrown), target);
  const code = codeOf(thrown);
  const { state, persistence, hint } = explain(code, text, target);
  return new ConnectionError(`Cannot ${doing} ${maskedTarget(target)}: ${state}`, persistence, {
    cause: new Error(text),
    ...(hint === undefined ? {} : { hint }),
    context: { environment: target.environment, source: target.source },
  });
}

/** Whether trying soon again can help. */
export function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError && error.persistence === "transient";
}

/** Whether the server or pooler has no connection left at the moment. */
export function isFull(error: unknown): boolean {
  return error instanceof ConnectionError && error.persistence === "full";
}

/** Whether a thrown value is a refusal by the server of who we are or how we come (SQLSTATE class 28). */
export function isRefusedLogin(thrown: unknown): boolean {
  return codeOf(thrown).startsWith("28");
}

/** Text without the target's secrets. */
export function masked(text: string, target: Target): string {
  const secrets = [target.password, target.sslpassword].filter((secret): secret is Secret => secret !== undefined);
  return maskSecrets(text, secrets);
}

/** The system's, driver's or server's code of a thrown value; empty when it has none. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
