import { join } from "@std/path";

/** How a piece of shell ended. */
export interface ShellRun {
  readonly status: number;
  /** Standard output and standard error, as a terminal shows them. */
  readonly output: string;
}

/** One bash that runs pieces one after the other, as a person does: folder and variables stay. */
export class ShellSession implements AsyncDisposable {
  readonly #shell: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: ReadableStreamDefaultReader<Uint8Array>;
  readonly #folder: string;
  #count = 0;

  /** @param folder where pieces and their output are kept */
  constructor(options: { readonly cwd: string; readonly env: Record<string, string>; readonly folder: string }) {
    this.#folder = options.folder;
    this.#shell = new Deno.Command("bash", {
      args: ["--noprofile", "--norc", "-o", "pipefail", "-s"],
      cwd: options.cwd,
      env: options.env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#shell.stdin.getWriter();
    this.#answers = this.#shell.stdout.getReader();
  }

  /** Runs a piece up to its first command that fails; the shell goes on to live. */
  async run(code: string): Promise<ShellRun> {
    const piece = join(this.#folder, `${++this.#count}`);
    // A trap rather than `set -e`, which would end the shell. `return` leaves the sourced file.
    await Deno.writeTextFile(`${piece}.sh`, `trap 'return $?' ERR\n${code}\ntrap - ERR\n`);
    await this.#input.write(
      new TextEncoder().encode(`. ${piece}.sh > ${piece}.out 2>&1 < /dev/null; s=$?; trap - ERR; echo $s\n`),
    );
    let answer = "";
    while (!answer.endsWith("\n")) {
      const { value, done } = await this.#answers.read();
      if (done) throw new Error(`the shell has ended in: ${code}`);
      answer += new TextDecoder().decode(value);
    }
    return { status: Number(answer), output: await Deno.readTextFile(`${piece}.out`) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#answers.cancel();
    await this.#shell.status;
  }
}
