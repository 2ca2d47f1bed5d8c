import { PgstrataError } from "../base/mod.ts";
import { ByteTail } from "./byte_tail.ts";
import { eachLine } from "./line_stream.ts";
import { parentDeathWrapper } from "./parent_death.ts";

/** Bytes of standard error kept for the error message. */
const STDERR_TAIL = 8 * 1024;

/** Milliseconds a program gets to end after SIGTERM before it is killed. */
const TERMINATION_GRACE = 5_000;

/** A program to run. Nothing of our own environment is inherited except PATH, HOME, TMPDIR and LC_ALL=C. */
export interface ProcessSpec {
  /** Absolute path, or a name found in PATH. */
  readonly program: string;
  /** Arguments. Everybody on the machine can read them: never a secret. */
  readonly args: readonly string[];
  /** Variables besides the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** User and group to run as (needs root); PostgreSQL's server refuses to run as root. */
  readonly uid?: number;
  readonly gid?: number;
  /** What the program reads; nothing by default. */
  readonly stdin?: string | Uint8Array | ReadableStream<Uint8Array>;
  /** Ends the program (SIGTERM, then SIGKILL) and rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Sees each line of standard error as it comes, without its line break. */
  readonly onStderr?: (line: string) => void;
}

/** A program that ended with another status than 0, or was killed. */
export class ProcessError extends PgstrataError {
  constructor(
    readonly program: string,
    /** Exit status; null if a signal ended it. */
    readonly status: number | null,
    readonly signalName: string | null,
    /** Last 8 KiB of standard error. */
    readonly stderr: string,
  ) {
    const name = program.split("/").at(-1) ?? program;
    const state = signalName === null ? `it exited with status ${status}` : `it was ended by ${signalName}`;
    const tail = stderr.trim();
    super(`Cannot run ${name}: ${state}`, tail === "" ? {} : { cause: new Error(tail) });
  }
}

/**
 * Runs a program to its end, handing over its standard output chunk by chunk; without a taker it goes nowhere.
 * Standard error is always drained. The promise resolves only after the exit status was seen and was 0.
 *
 * @throws {ProcessError} on another status, or when the program was killed by somebody.
 * @throws {PgstrataError} code `tool` when the program does not exist or may not be run.
 * @throws the signal's reason when cancelled; the program has ended by then.
 */
export async function runProcess(
  spec: ProcessSpec,
  onStdout?: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  spec.signal?.throwIfAborted();
  const child = spawn(spec, onStdout === undefined ? "null" : "piped");
  const tail = new ByteTail(STDERR_TAIL);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    timer ??= setTimeout(() => kill(child, "SIGKILL"), TERMINATION_GRACE);
    kill(child, "SIGTERM");
  };
  spec.signal?.addEventListener("abort", stop, { once: true });
  try {
    const parts = await Promise.allSettled([
      feed(child, spec.stdin),
      onStdout === undefined ? null : drain(child.stdout, onStdout).catch((error) => {
        stop();
        throw error;
      }),
      eachLine(child.stderr, (line, bytes) => {
        tail.push(bytes);
        spec.onStderr?.(line);
      }),
      child.status,
    ]);
    spec.signal?.throwIfAborted();
    for (const part of parts.slice(1)) if (part.status === "rejected") throw part.reason;
    const status = await child.status;
    if (status.code === 127 && NOT_EXECUTED.test(tail.text())) throw notStarted(spec, new Error(tail.text().trim()));
    if (!status.success) {
      throw new ProcessError(spec.program, status.signal === null ? status.code : null, status.signal, tail.text());
    }
  } finally {
    spec.signal?.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}

/**
 * Runs a program and gives its standard output as text.
 *
 * @param limit most bytes accepted; more is an error, so that memory stays bounded
 * @throws as {@linkcode runProcess}
 */
export async function processText(spec: ProcessSpec, limit = 64 * 1024 * 1024): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  await runProcess(spec, (chunk) => {
    bytes += chunk.length;
    if (bytes > limit) {
      throw new PgstrataError(`Cannot read the output of ${spec.program}: it is larger than ${limit} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  });
  return text + decoder.decode();
}

function spawn(spec: ProcessSpec, stdout: "null" | "piped"): Deno.ChildProcess {
  const inherited: Record<string, string> = { LC_ALL: "C" };
  for (const name of ["PATH", "HOME", "TMPDIR"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) inherited[name] = value;
  }
  const wrapper = parentDeathWrapper();
  const [program, ...args] = [...wrapper, spec.program, ...spec.args] as [string, ...string[]];
  try {
    return new Deno.Command(program, {
      args,
      env: { ...inherited, ...spec.env },
      clearEnv: true,
      stdin: spec.stdin === undefined ? "null" : "piped",
      stdout,
      stderr: "piped",
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    }).spawn();
  } catch (cause) {
    throw notStarted(spec, cause);
  }
}

/** What the wrapper of {@linkcode parentDeathWrapper} says when the program cannot be executed. */
const NOT_EXECUTED = /^setpriv: failed to execute /;

function notStarted(spec: ProcessSpec, cause: unknown): PgstrataError {
  return new PgstrataError(`Cannot run ${spec.program}: it cannot be started`, {
    code: "tool",
    cause,
    hint: `Check that ${spec.program} exists and may be executed by this user.`,
  });
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already; its status is being read.
  }
}

async function feed(child: Deno.ChildProcess, stdin: ProcessSpec["stdin"]): Promise<void> {
  if (stdin === undefined) return;
  if (stdin instanceof ReadableStream) return await stdin.pipeTo(child.stdin);
  const writer = child.stdin.getWriter();
  await writer.write(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin);
  await writer.close();
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  for await (const chunk of stream) await onChunk(chunk);
}
