import { mainArguments, passedOn, ROOT } from "./run_main.ts";

/** Milliseconds between two looks. */
const LOOK = 1;

/** How a run that was to be killed ended. */
export interface KilledRun {
  /** False: it had ended before. */
  readonly killed: boolean;
  readonly code: number;
  readonly stderr: string;
}

/**
 * Runs `tasks/main.ts` as users do and kills it (SIGKILL) once something is so far: what is looked at decides, not
 * the clock of a busy machine.
 *
 * @param isFar looked at again and again
 */
export async function killRun(
  args: readonly string[],
  isFar: () => boolean,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<KilledRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args: mainArguments(args),
    cwd: options.cwd ?? ROOT,
    env: { ...passedOn(), NO_COLOR: "1", ...options.env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  let hasEnded = false;
  const timer = setInterval(() => {
    if (hasEnded || !isFar()) return;
    clearInterval(timer);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended just now; `status` says so in a moment.
    }
  }, LOOK);
  const status = await child.status;
  hasEnded = true;
  clearInterval(timer);
  return { killed: status.signal === "SIGKILL", code: status.code, stderr: await stderr };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes of all files below a folder, hidden ones too; what goes meanwhile counts nothing. */
export function bytesBelow(folder: string, counts: (name: string) => boolean = () => true): number {
  let bytes = 0;
  try {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) bytes += bytesBelow(path, counts);
      else if (counts(name)) bytes += Deno.lstatSync(path).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return bytes;
}
