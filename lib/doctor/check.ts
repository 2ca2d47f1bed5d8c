import type { PgstrataError } from "../base/mod.ts";

/** `problem`: a backup fails or cannot be trusted. `warning`: it works, but somebody should look. */
export type CheckState = "ok" | "warning" | "problem";

/** One thing that was looked at. */
export interface Check {
  /** Stable, for programs: `env_file`, `dns`, `login`, `extension:pgmq` … */
  readonly name: string;
  readonly state: CheckState;
  /** For people, without full stop and without secrets. */
  readonly message: string;
  /** What to do: a command wherever there is one. Null where there is nothing to do. */
  readonly fix: string | null;
  /** Single findings, such as one line for each relation. */
  readonly details: readonly string[];
}

/** A check that found nothing wrong. */
export function ok(name: string, message: string, details: readonly string[] = []): Check {
  return { name, state: "ok", message, fix: null, details };
}

/** A check after which somebody should look. */
export function warning(name: string, message: string, fix: string | null, details: readonly string[] = []): Check {
  return { name, state: "warning", message, fix, details };
}

/** A check after which something must be done. */
export function problem(name: string, message: string, fix: string | null, details: readonly string[] = []): Check {
  return { name, state: "problem", message, fix, details };
}

/** An error that stopped a check, as a finding: its hint is the fix. */
export function problemOf(name: string, error: PgstrataError): Check {
  const cause = error.cause instanceof Error && error.cause.message.trim() !== "" ? [error.cause.message.trim()] : [];
  return problem(name, error.message, error.hint ?? null, cause);
}

/** Entries shown of a long list. */
const SHOWN = 20;

/** A list for `details`, cut where it gets long. */
export function shortened(lines: readonly string[]): string[] {
  return lines.length <= SHOWN ? [...lines] : [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more`];
}
