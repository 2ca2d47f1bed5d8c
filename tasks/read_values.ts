import { messageOf, parseDuration, parseSize, PgstrataError } from "../lib/base/mod.ts";
import type { Option } from "./command.ts";
import { closest, usage } from "./usage_error.ts";

/**
 * The value of an option from the texts it was given: checked, converted, or its default.
 *
 * @param path the command's name, for messages
 * @throws {PgstrataError} code `usage`
 */
export function readValues(name: string, option: Option, given: readonly string[], path: readonly string[]): unknown {
  if (given.some((text) => text.trim() === "")) {
    throw usage(`Cannot read --${name}: it has no value`, path, `Write --${name}=${option.value ?? "VALUE"}.`);
  }
  if (option.kind === "list") {
    const texts = given.length > 0 || option.default === undefined ? given : [option.default];
    const values = option.separated ? texts.flatMap((text) => text.split(",").map((part) => part.trim())) : texts;
    for (const value of values) if (option.choices !== undefined) checkChoice(name, value, option.choices, path);
    return [...new Set(values)];
  }
  if (given.length > 1) {
    throw usage(`Cannot read --${name}: it is given ${given.length} times`, path, "Give it once.");
  }
  const text = given[0] ?? (option.kind === "flag" ? undefined : option.default);
  return text === undefined ? undefined : readValue(name, option, text, path);
}

function readValue(name: string, option: Option, text: string, path: readonly string[]): unknown {
  switch (option.kind) {
    case "integer": {
      const number = Number(text);
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
      if (!/^[+-]?\d+$/.test(text.trim()) || number < min || number > max) {
        const range = option.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
        throw usage(`Cannot read --${name}: "${text}" is not a whole number ${range}`, path);
      }
      return number;
    }
    case "size":
    case "duration":
      try {
        return option.kind === "size" ? parseSize(text) : parseDuration(text);
      } catch (error) {
        const hint = error instanceof PgstrataError ? error.hint : messageOf(error);
        throw usage(`Cannot read --${name}: "${text}" is not a ${option.kind}`, path, hint);
      }
    case "choice":
      checkChoice(name, text, option.choices, path);
      return text;
    case "string":
    case "flag":
    case "list":
      return text;
  }
}

function checkChoice(name: string, value: string, choices: readonly string[], path: readonly string[]): void {
  if (choices.includes(value)) return;
  const suggestion = closest(value, choices);
  throw usage(
    `Cannot read --${name}: "${value}" is not one of ${choices.join(", ")}`,
    path,
    suggestion === null ? undefined : `Did you mean ${suggestion}?`,
  );
}
