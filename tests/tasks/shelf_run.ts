import type { Clock } from "../../lib/base/mod.ts";
import type { Invocation, OptionTable, Run, TaskContext } from "../../tasks/command.ts";
import { parseOptions } from "../../tasks/parse.ts";
import type { ShelfDeps } from "../../tasks/shelf_setting.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

/** The time at which commands about shelves run in tests. */
export const NOW = new Date("2026-06-15T12:00:00Z");

/** A clock that stands still. */
export const CLOCK: Clock = { now: () => NOW, monotonic: () => 0 };

/** A command's `run` that takes a clock. */
export type ShelfCommand<T extends OptionTable> = (
  invocation: Invocation<T>,
  context: TaskContext,
  deps?: ShelfDeps,
) => ReturnType<Run<T>>;

/** Runs a command about a shelf at {@linkcode NOW}; words of the line are separated by `|` where it holds one, else by spaces. */
export async function runOnShelf<T extends OptionTable>(
  run: ShelfCommand<T>,
  table: T,
  line: string,
  shelf: string,
  given: Partial<TaskContext> & { quiet?: boolean; terminal?: boolean } = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext({ dir: shelf, cwd: shelf, ...given });
  const words = line.split(line.includes("|") ? "|" : " ").filter((word) => word !== "");
  const invocation = parseOptions(words, table) as Invocation<T>;
  return { ...context, code: await run(invocation, context, { clock: CLOCK }) };
}

/** Everything below a folder, files with their size and mode: to see that nothing changed. */
export function treeOf(folder: string): string[] {
  const lines: string[] = [];
  const visit = (path: string): void => {
    const { isDirectory, size, mode, mtime } = Deno.lstatSync(`${folder}/${path}`);
    const facts = isDirectory ? "" : ` ${size} ${mtime?.getTime()}`;
    lines.push(`${path} ${((mode ?? 0) & 0o777).toString(8)}${facts}`);
    if (!isDirectory) return;
    for (const { name } of Deno.readDirSync(`${folder}/${path}`)) visit(path === "" ? name : `${path}/${name}`);
  };
  visit("");
  return lines.sort();
}
