import { join } from "@std/path";

/** A secret that is planted: a part that no encoding of URLs, JSON, SQL or shells changes, and what surrounds it. */
export interface Planted {
  readonly name: string;
  /** Letters and digits alone: what is looked for, beside its forms in base64. */
  readonly core: string;
  /** The whole secret. */
  readonly text: string;
}

/** A secret around a core of its own. */
export function plant(name: string, around: (core: string) => string): Planted {
  const core = `Zq${crypto.randomUUID().replaceAll("-", "").slice(0, 14)}Xk`;
  return { name, core, text: around(core) };
}

const FORMS = new Map<string, readonly string[]>();

const urlSafe = (base64: string) => base64.replaceAll("+", "-").replaceAll("/", "_");

/** The core as it stands in a text, and inside of anything that was turned into base64 or hexadecimal digits. */
function formsOf(core: string): readonly string[] {
  const known = FORMS.get(core);
  if (known !== undefined) return known;
  const base64 = [0, 1, 2].map((shift) => {
    // Whole groups of three bytes at each of the three offsets: what stands before and after does not change them.
    const inner = core.slice(shift === 0 ? 0 : 3 - shift);
    return btoa(inner.slice(0, inner.length - inner.length % 3));
  });
  const hex = [...new TextEncoder().encode(core)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const forms = [...new Set([core, ...base64, ...base64.map(urlSafe), hex])];
  FORMS.set(core, forms);
  return forms;
}

/** Names of the secrets that a text shows, in whatever form. */
export function secretsIn(text: string, planted: readonly Planted[]): string[] {
  return planted.filter(({ core }) => formsOf(core).some((form) => text.includes(form))).map(({ name }) => name);
}

/** Files below a folder that show a secret, as `path: name`; the inputs are left out. */
export async function leakingFiles(
  folder: string,
  planted: readonly Planted[],
  inputs: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (secretsIn(name, planted).length > 0) found.push(`${path}: its name`);
    if (isDirectory) found.push(...await leakingFiles(path, planted, inputs));
    else if (isFile && !inputs.has(path)) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
      found.push(...secretsIn(text, planted).map((secret) => `${path}: ${secret}`));
    }
  }
  return found;
}

/** Programs that write their arguments down before they become what they stand for. */
export async function watchPrograms(folder: string, programs: Readonly<Record<string, string>>): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, ".argv"), "");
  // The drill's server runs as another user.
  await Deno.chmod(join(folder, ".argv"), 0o666);
  await Deno.chmod(folder, 0o755);
  for (const [name, real] of Object.entries(programs)) {
    const script = `#!/bin/sh\nprintf '%s\\n' '${name}' "$@" >> '${folder}/.argv'\nexec '${real}' "$@"\n`;
    await Deno.writeTextFile(join(folder, name), script);
    await Deno.chmod(join(folder, name), 0o755);
  }
}

/** Looks at the arguments of every process of this machine until it is disposed of, but for those left out. */
export class ArgumentSampler implements Disposable {
  readonly leaks = new Set<string>();
  samples = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(planted: readonly Planted[], isOwn: (pid: number) => boolean) {
    this.#timer = setInterval(() => {
      this.samples++;
      for (const { name } of Deno.readDirSync("/proc")) {
        if (!/^\d+$/.test(name) || isOwn(Number(name))) continue;
        const line = commandLine(name);
        for (const secret of secretsIn(line, planted)) this.leaks.add(`${line.replaceAll("\0", " ")}: ${secret}`);
      }
    }, 50);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function commandLine(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`);
  } catch {
    return ""; // It has ended.
  }
}
