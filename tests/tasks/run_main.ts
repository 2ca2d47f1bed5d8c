/** The project's folder. */
export const ROOT = new URL("../../", import.meta.url).pathname;

/** How a run of the command line ended. */
export interface MainRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tasks/main.ts` as users do, in a process of its own, with only the environment given. */
export async function runMain(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<MainRun> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: mainArguments(args),
    cwd: options.cwd ?? ROOT,
    env: { ...passedOn(), NO_COLOR: "1", ...options.env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What the tasks of deno.json allow. */
const PERMISSIONS = ["env", "read", "write", "net", "run", "sys"].map((name) => `--allow-${name}`);

/** Arguments of `deno` that run `tasks/main.ts`. */
export function mainArguments(args: readonly string[]): string[] {
  return [
    "run",
    "--frozen",
    "--cached-only",
    `--config=${ROOT}deno.json`,
    ...PERMISSIONS,
    `${ROOT}tasks/main.ts`,
    ...args,
  ];
}

/** Variables that Deno itself needs. */
export function passedOn(): Record<string, string> {
  return Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
