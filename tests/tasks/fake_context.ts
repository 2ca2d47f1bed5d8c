import type { TaskContext } from "../../tasks/command.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { Console } from "../../tasks/console.ts";
import type { Output } from "../../tasks/output.ts";

/** An output that keeps what was written. */
export interface FakeOutput extends Output {
  text(): string;
}

/** Collects text, as a terminal or not. */
export function fakeOutput(given: { isTerminal?: boolean; columns?: number; rows?: number } = {}): FakeOutput {
  const written: string[] = [];
  return {
    isTerminal: given.isTerminal ?? false,
    columns: () => given.columns ?? 80,
    rows: () => given.rows ?? 24,
    write: (text) => void written.push(text),
    text: () => written.join(""),
  };
}

/** A context with outputs that can be read. */
export interface FakeContext extends TaskContext {
  readonly out: FakeOutput;
  readonly err: FakeOutput;
}

/** A context for a command under test: no terminal, no environment, working folder `/nowhere`. */
export function fakeContext(
  given: Partial<TaskContext> & { quiet?: boolean; terminal?: boolean } = {},
): FakeContext {
  const out = fakeOutput({ isTerminal: given.terminal ?? false });
  const err = fakeOutput({ isTerminal: given.terminal ?? false });
  const console = new Console({ stdout: out, stderr: err, quiet: given.quiet ?? false, noColour: true });
  return {
    console,
    cwd: "/nowhere",
    env: {},
    dir: undefined,
    json: false,
    verbose: false,
    debug: false,
    commands: COMMANDS,
    signal: new AbortController().signal,
    ...given,
    out,
    err,
  };
}
