import { PgstrataError } from "../lib/base/mod.ts";
import type { OptionTable } from "./command.ts";

/** Arguments in one form, and how many of the original ones they stand for. */
export interface NormalizedArguments {
  readonly args: readonly string[];
  readonly taken: number;
}

/**
 * Brings options into one form, `--name=value`, before `parseArgs` reads them: `-n x`, `-nx` and
 * `--schema x` become `--schema=x`. `parseArgs` alone would take `-nx` for `-n -x`, and would not
 * take `-` (standard input) for a value. What is not in the table stays as it is.
 *
 * @param limit stop after this many original arguments were begun
 * @throws {PgstrataError} code `usage` when a flag is given a value.
 */
export function normalizeArguments(
  argv: readonly string[],
  table: OptionTable,
  limit: number = argv.length,
): NormalizedArguments {
  const args: string[] = [];
  let index = 0;
  /** The next argument, if it can be a value; else nothing, which is refused later as "no value". */
  const nextValue = (): string => {
    const next = argv[index + 1];
    if (next === undefined || (next.startsWith("-") && next !== "-")) return "";
    index++;
    return next;
  };
  for (let begun = 0; index < argv.length && begun < limit; index++, begun++) {
    const arg = argv[index] ?? "";
    if (arg === "--") {
      args.push(...argv.slice(index));
      index = argv.length;
      break;
    }
    const long = /^--([^=]+)(=)?/.exec(arg);
    if (long?.[1] !== undefined) args.push(longOption(long[1], arg, long[2] === "=", table, nextValue));
    else if (/^-[^-]/.test(arg)) args.push(...shortOptions(arg, table, nextValue));
    else args.push(arg);
  }
  return { args, taken: index };
}

function longOption(name: string, arg: string, hasValue: boolean, table: OptionTable, nextValue: () => string): string {
  const kind = optionKind(table, name) ?? optionKind(table, name.replace(/^no-/, ""));
  if (kind === "flag" && hasValue) throw flagWithValue(`--${name}`);
  if (hasValue || optionKind(table, name) === undefined || kind === "flag") return arg;
  return `${arg}=${nextValue()}`;
}

function shortOptions(arg: string, table: OptionTable, nextValue: () => string): string[] {
  const args: string[] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at] ?? "";
    const name = Object.keys(table).find((key) => table[key]?.short === letter);
    if (name === undefined) return [...args, `-${arg.slice(at)}`];
    const rest = arg.slice(at + 1);
    if (table[name]?.kind !== "flag") return [...args, `--${name}=${rest.replace(/^=/, "") || nextValue()}`];
    if (rest.startsWith("=")) throw flagWithValue(`-${letter}`);
    args.push(`--${name}`);
  }
  return args;
}

function optionKind(table: OptionTable, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name]?.kind : undefined;
}

function flagWithValue(option: string): PgstrataError {
  return new PgstrataError(`Cannot read ${option}: it takes no value`, {
    code: "usage",
    hint: `Write ${option} alone.`,
  });
}
