import { processText } from "../system/mod.ts";
import type { ToolSet } from "./tool_set.ts";

/** How to read roles and tablespaces. */
export interface GlobalsOptions {
  readonly tools: ToolSet;
  readonly environment: Readonly<Record<string, string>>;
  readonly database: string;
  /** Only a superuser may read password hashes (`pg_authid`). */
  readonly passwords: boolean;
  readonly signal: AbortSignal;
}

/**
 * Roles, memberships, role settings and tablespaces as SQL (`pg_dumpall --globals-only`). They are read outside
 * the snapshot.
 *
 * @throws {ProcessError} if pg_dumpall fails
 */
export async function dumpGlobals(options: GlobalsOptions): Promise<string> {
  const text = await processText({
    program: options.tools.program("pg_dumpall"),
    args: [
      "--globals-only",
      "--no-password",
      `--database=${options.database}`,
      ...(options.passwords ? [] : ["--no-role-passwords"]),
    ],
    env: options.environment,
    signal: options.signal,
  });
  return withoutRestrict(text);
}

/**
 * The same script without psql's `\restrict TOKEN` and its closing line, which drivers and older psql reject.
 * Only the pair that frames the script goes; a line like it inside a literal stays.
 */
export function withoutRestrict(script: string): string {
  const opening = /^(?:--.*\n|\n)*\\restrict (\w+)\n\n?/.exec(script);
  if (opening === null) return script;
  const closing = `\\unrestrict ${opening[1]}\n`;
  const end = script.lastIndexOf(closing);
  if (end === -1) return script;
  const head = opening[0].replace(/\\restrict \w+\n\n?/, "");
  return head + script.slice(opening[0].length, end) + script.slice(end + closing.length).replace(/^\n/, "");
}
