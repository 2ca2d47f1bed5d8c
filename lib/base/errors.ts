/**
 * Every way pgstrata can end, by name. A process exits with the number; JSON carries the name.
 * This table is the only definition.
 */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  usage: 2,
  not_good: 3,
  connection: 4,
  tool: 5,
  no_room: 6,
  refused: 7,
  interrupted: 130,
} as const;

/** Name of an exit code; see {@linkcode EXIT_CODES}. */
export type ExitName = keyof typeof EXIT_CODES;

/** What an error needs besides its message. */
export interface PgstrataErrorOptions {
  /** Decides the exit code. Default `failed`. */
  readonly code?: Exclude<ExitName, "done">;
  /** One thing a person can do now. Whole sentences, no secrets. */
  readonly hint?: string;
  /** Facts about the failure (file, table, masked host); printed as `name: value`. */
  readonly context?: Readonly<Record<string, string | number>>;
  /** The error this one stands for. */
  readonly cause?: unknown;
}

/** The shape of an error in `--json` output. */
export interface ErrorDocument {
  readonly code: ExitName;
  readonly exit: number;
  readonly message: string;
  readonly causes: readonly string[];
  readonly context: Readonly<Record<string, string | number>>;
  readonly hint: string | null;
}

/**
 * The one error class that reaches users.
 *
 * The message says what failed and the state that stopped it (`Cannot <do> <thing>: <state>`,
 * no full stop); the cause stays in `cause`.
 *
 * @example
 * ```ts
 * import { PgstrataError } from "./errors.ts";
 * const error = new PgstrataError("Cannot find pg_dump: no client is installed", {
 *   code: "tool",
 *   hint: "Install it: apt-get install postgresql-client-17",
 * });
 * console.assert(error.exit === 5);
 * ```
 */
export class PgstrataError extends Error {
  /** Name of the class. */
  override readonly name = "PgstrataError";
  /** Decides the exit code. */
  readonly code: Exclude<ExitName, "done">;
  /** What a person can do now. */
  readonly hint: string | undefined;
  /** Facts about the failure. */
  readonly context: Readonly<Record<string, string | number>>;

  /** `Cannot <do> <thing>: <state>`, no full stop. */
  constructor(message: string, options: PgstrataErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = options.code ?? "failed";
    this.hint = options.hint;
    this.context = options.context ?? {};
  }

  /** The process exit code. */
  get exit(): number {
    return EXIT_CODES[this.code];
  }
}

/** Messages of the errors below `error`, outermost first, without `error` itself. */
export function causeMessages(error: unknown): string[] {
  const messages: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && messages.length < 10) {
    const text = messageOf(cause).trim();
    if (text !== "" && !messages.includes(text)) messages.push(text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return messages;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === "") {
    return thrown.errors.map(messageOf).join("; ");
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Anything thrown, as a {@linkcode PgstrataError}; what is one already comes back as it is. */
export function toPgstrataError(thrown: unknown): PgstrataError {
  if (thrown instanceof PgstrataError) return thrown;
  if (isNoRoom(thrown)) return noRoomError("Cannot write: no space left on the device", thrown);
  if (isForbidden(thrown)) {
    return new PgstrataError("Cannot finish: the system refused", {
      cause: thrown,
      hint: "This user may not do that there: run it as the user that owns the folder, or choose another one.",
    });
  }
  return new PgstrataError("Cannot finish: something unexpected happened", {
    cause: thrown instanceof Error ? thrown : new Error(String(thrown)),
    hint: "This is not an error pgstrata expected: run again with --debug and report what it prints.",
  });
}

/** Whether a thrown value means a full disk, an exceeded quota or file-size limit. */
export function isNoRoom(thrown: unknown): boolean {
  const text = messageOf(thrown);
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" ||
    /no space left on device|disk quota exceeded|file too large/i.test(text);
}

/** Whether a thrown value means that permissions, or a file system that is mounted to be read, forbid something. */
function isForbidden(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === "EACCES" || code === "EPERM" || code === "EROFS";
}

/** The error for a full disk (exit code 6). */
export function noRoomError(message: string, cause?: unknown): PgstrataError {
  return new PgstrataError(message, {
    code: "no_room",
    cause,
    hint: "Free space or choose another folder with --dir; `df -h` shows what is free. " +
      "Nothing unfinished was left behind.",
  });
}

/** The error as the document that `--json` prints. */
export function errorDocument(error: PgstrataError): ErrorDocument {
  return {
    code: error.code,
    exit: error.exit,
    message: error.message,
    causes: causeMessages(error),
    context: error.context,
    hint: error.hint ?? null,
  };
}

/**
 * The error as a person reads it: what failed, causes, context, hint; one per line.
 * A stack trace is added only when `debug` is set.
 */
export function errorText(error: PgstrataError, debug = false): string {
  const lines = [`error: ${error.message}`];
  for (const cause of causeMessages(error)) {
    lines.push(...cause.split("\n").map((line, index) => `${index === 0 ? "cause: " : "       "}${line}`));
  }
  for (const [name, value] of Object.entries(error.context)) lines.push(`  ${name}: ${value}`);
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  if (debug && error.stack !== undefined) lines.push(error.stack);
  return lines.join("\n");
}
