import { PgstrataError } from "../lib/base/mod.ts";
import { shellWord } from "../lib/report/mod.ts";
import type { RestorePlan } from "../lib/restore/mod.ts";
import type { Console } from "./console.ts";
import { planText } from "./restore_text.ts";

/** Asks a person; null when nobody is there. */
export type Ask = (question: string) => Promise<string | null>;

/**
 * Shows the plan and gets consent: `--yes` with the database's name, or the name typed at a terminal.
 *
 * @throws {PgstrataError} code `refused`
 */
export async function confirmRestore(
  plan: RestorePlan,
  yes: string | undefined,
  console: Console,
  ask: Ask,
): Promise<void> {
  console.note(planText(plan));
  const answer = yes ?? await ask(`Type ${plan.database} to go on: `);
  if (answer === plan.database) return;
  if (answer === null) {
    throw new PgstrataError(`Cannot restore into ${plan.database}: nobody is there to agree`, {
      code: "refused",
      hint: `The database is not empty. Without a terminal say which one may be changed: --yes ${
        shellWord(plan.database)
      }`,
    });
  }
  throw new PgstrataError(`Cannot restore into ${plan.database}: "${answer}" is another name`, {
    code: "refused",
    hint: yes === undefined
      ? "Nothing was changed."
      : `The target's database is ${plan.database}: --yes ${shellWord(plan.database)}`,
  });
}

/** Asks until an answer comes or the signal is aborted: who presses Ctrl-C at a question means it at once. */
export function askUnless(signal: AbortSignal, ask: Ask): Ask {
  return async (question) => {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([ask(question), aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
}

/** Asks at the terminal. */
export async function askAtTerminal(question: string): Promise<string | null> {
  if (!Deno.stdin.isTerminal()) return null;
  await Deno.stderr.write(new TextEncoder().encode(question));
  const buffer = new Uint8Array(4096);
  const read = await Deno.stdin.read(buffer);
  return read === null ? null : new TextDecoder().decode(buffer.subarray(0, read)).trim();
}
