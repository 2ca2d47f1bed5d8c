import type { Console } from "./console.ts";

/** What every option says about itself. */
interface OptionBase {
  /** One line for the help: what it does, without a full stop. */
  readonly summary: string;
  /** A single letter: `n` for `-n`. */
  readonly short?: string;
  /** Name of the value in the help, such as `DIR`. */
  readonly value?: string;
  /** Heading it stands under in the help. Default: `Options`. */
  readonly group?: string;
}

/** On or off. With `default: true` it is turned off by `--no-NAME`. */
export interface FlagOption extends OptionBase {
  readonly kind: "flag";
  readonly default?: boolean;
}

/** Any text but the empty one. */
export interface StringOption extends OptionBase {
  readonly kind: "string";
  readonly default?: string;
}

/** A whole number. */
export interface IntegerOption extends OptionBase {
  readonly kind: "integer";
  readonly min?: number;
  readonly max?: number;
  readonly default?: string;
}

/** A size such as `2GiB`, in bytes; or a duration such as `5min`, in milliseconds. */
export interface QuantityOption extends OptionBase {
  readonly kind: "size" | "duration";
  readonly default?: string;
}

/** One of a few words. */
export interface ChoiceOption extends OptionBase {
  readonly kind: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

/** Several values: the option may be repeated, and split at commas where `separated` is set. */
export interface ListOption extends OptionBase {
  readonly kind: "list";
  readonly choices?: readonly string[];
  readonly separated?: true;
  readonly default?: string;
}

/** An option of a command. */
export type Option = FlagOption | StringOption | IntegerOption | QuantityOption | ChoiceOption | ListOption;

/** The options of a command by their long names, without the dashes. */
export type OptionTable = Readonly<Record<string, Option>>;

type OrMissing<O> = O extends { readonly default: unknown } ? never : undefined;

/** Type of an option's value; `undefined` if it was not given and has no default. */
export type OptionValue<O> = O extends { readonly kind: "flag" } ? boolean
  : O extends { readonly kind: "list"; readonly choices: readonly (infer C)[] } ? readonly C[]
  : O extends { readonly kind: "list" } ? readonly string[]
  : O extends { readonly kind: "choice"; readonly choices: readonly (infer C)[] } ? C | OrMissing<O>
  : O extends { readonly kind: "integer" | "size" | "duration" } ? number | OrMissing<O>
  : string | OrMissing<O>;

/** Values of a table's options. */
export type OptionValues<T extends OptionTable> = { readonly [Name in keyof T]: OptionValue<T[Name]> };

/** An argument without a name. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
  readonly required?: true;
  /** Takes all that follow; only the last one may. */
  readonly many?: true;
  /** What a shell completes here. */
  readonly completes?: readonly string[] | "folder";
}

/** A command line that works, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** A parsed command line. */
export interface Invocation<T extends OptionTable = OptionTable> {
  readonly positionals: readonly string[];
  readonly options: OptionValues<T>;
}

/** What a command gets from `main` besides its own arguments. */
export interface TaskContext {
  readonly console: Console;
  /** The folder with `.env` and `pgstrata.json`. */
  readonly cwd: string;
  /** The process's environment, without `.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** `--dir`, if given. */
  readonly dir: string | undefined;
  /** `--config`, if given. */
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  /** All commands, for help and completions. */
  readonly commands: readonly Command[];
  /** Aborted with the error when something failed that nobody waited for. */
  readonly signal: AbortSignal;
}

/** A command's work. The number is the exit code. */
export type Run<T extends OptionTable> = (invocation: Invocation<T>, context: TaskContext) => Promise<number>;

interface CommandFacts {
  readonly name: string;
  /** One line, in the list of commands; no full stop. */
  readonly summary: string;
  /** Paragraphs of the command's help. */
  readonly description: readonly string[];
  readonly positionals: readonly Positional[];
  readonly examples: readonly Example[];
}

/** What a command is; see {@linkcode defineCommand}. */
export interface CommandSpec<T extends OptionTable> extends CommandFacts {
  readonly options: T;
  /** `() => loadRunner(NAME)`: its module is loaded when the command runs, and not before. */
  readonly load: () => Promise<{ readonly run: Run<T> }>;
}

/** A command of the table: what it takes, what it says about itself, and how it starts. */
export interface Command extends CommandFacts {
  readonly options: OptionTable;
  /** Commands below this one (`snapshot list`); such a command does nothing by itself. */
  readonly subcommands: readonly Command[];
  /** Loads the command's module and runs it. */
  readonly run: Run<OptionTable>;
}

/** A command that is loaded when it runs, and not before: `--help` stays fast. */
export function defineCommand<const T extends OptionTable>(spec: CommandSpec<T>): Command {
  const { load, ...facts } = spec;
  return {
    ...facts,
    subcommands: [],
    async run(invocation: Invocation, context: TaskContext): Promise<number> {
      const { run } = await load();
      return await run(invocation as Invocation<T>, context);
    },
  };
}

/** A command that only holds others. */
export function defineGroup(
  facts: Omit<CommandFacts, "positionals">,
  subcommands: readonly Command[],
): Command {
  return { ...facts, positionals: [], options: {}, subcommands, run: () => Promise.resolve(2) };
}
