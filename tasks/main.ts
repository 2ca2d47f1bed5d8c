import { EXIT_CODES, PgstrataError, toPgstrataError } from "../lib/base/mod.ts";
import type { TaskContext } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { Console } from "./console.ts";
import { JsonConsole } from "./json_console.ts";
import { loadRunner } from "./load_runner.ts";
import { type CommandLine, parseCommandLine } from "./parse.ts";
import { type Output, processOutput } from "./output.ts";

/** Milliseconds a command gets to clean up after a failure that nobody waited for. */
const CLEANUP_GRACE = 10_000;

/**
 * Runs a command line to its end. Everything that is thrown is printed here, and nowhere else.
 *
 * @param failure aborted with an error that nobody waited for
 * @returns the exit code; not 0 when the result could not be printed, which is then no result
 */
export async function main(argv: readonly string[], failure: AbortSignal): Promise<number> {
  const stdout = processOutput("stdout");
  // Before the command line is understood, the way to report its errors is guessed.
  const console = makeConsole(
    { debug: argv.includes("--debug"), quiet: false, logJson: argv.includes("--log-json") },
    stdout,
  );
  const code = await runCommand(argv, console, failure);
  const unprinted = stdout.failure?.() ?? null;
  if (unprinted === null || code !== EXIT_CODES.done) return code;
  console.error(unprinted);
  return unprinted.exit;
}

async function runCommand(argv: readonly string[], guessed: Console, failure: AbortSignal): Promise<number> {
  const json = argv.includes("--json");
  let console = guessed;
  try {
    const line = parseCommandLine(argv, COMMANDS);
    const { global, invocation, command, path } = line;
    console = makeConsole({ ...global, logJson: global["log-json"] }, guessed.stdout);
    const context = makeContext(line, console, failure);
    if (global.version) return await (await loadRunner("version")).run(invocation, context);
    if (global.help || command === null) {
      const { helpFor } = await import("./show_help.ts");
      if (global.help) console.result(helpFor(path, context));
      else console.stderr.write(helpFor([], context));
      return global.help ? EXIT_CODES.done : EXIT_CODES.usage;
    }
    return await Promise.race([command.run(invocation, context), graceAfter(failure)]);
  } catch (thrown) {
    return report(thrown, console, json);
  }
}

/** Prints an error that ends the process; gives its exit code. */
function report(thrown: unknown, console: Console, json: boolean): number {
  const error = toPgstrataError(thrown);
  console.error(error);
  if (json) console.document({ version: 1, command: null, errors: [console.errorDocument(error)] });
  return error.exit;
}

function makeConsole(
  { logJson, ...options }: { readonly quiet: boolean; readonly debug: boolean; readonly logJson: boolean },
  stdout: Output,
): Console {
  return new (logJson ? JsonConsole : Console)({
    ...options,
    stdout,
    stderr: processOutput("stderr"),
    noColour: Deno.noColor,
  });
}

function makeContext({ global }: CommandLine, console: Console, signal: AbortSignal): TaskContext {
  return {
    console,
    get cwd(): string {
      return Deno.cwd();
    },
    get env(): Record<string, string> {
      return Deno.env.toObject();
    },
    dir: global.dir,
    config: global.config,
    json: global.json,
    verbose: global.verbose,
    debug: global.debug,
    commands: COMMANDS,
    signal,
  };
}

/** Rejects with the failure's error if the command has not ended some time after it. */
function graceAfter(failure: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    failure.addEventListener("abort", () => setTimeout(() => reject(failure.reason), CLEANUP_GRACE), { once: true });
  });
}

/** A signal that is aborted by the first error nobody waited for, so that the command ends in its ordinary way. */
export function watchForFailures(): AbortSignal {
  const controller = new AbortController();
  const fail = (cause: unknown) =>
    controller.abort(
      new PgstrataError("Cannot finish: something failed that nothing waited for", {
        cause,
        hint: "This is a mistake in pgstrata: run again with --debug and report what it prints.",
      }),
    );
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  return controller.signal;
}

if (import.meta.main) Deno.exit(await main(Deno.args, watchForFailures()));
