import { closestString } from "@std/text/closest-string";
import * as v from "valibot";
import { PgstrataError } from "../base/mod.ts";
import { type Config, configSchema } from "./config_schema.ts";

/** File name of the configuration, beside the shelf or where `--config` says. */
export const CONFIG_FILE = "pgstrata.json";

/**
 * Reads the text of `pgstrata.json`. What is left out has its default; nothing unknown is passed over.
 *
 * @param file its name, for messages
 * @throws {PgstrataError} code `usage`; the hint proposes the name that was probably meant
 */
export function parseConfig(text: string, file: string = CONFIG_FILE): Config {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new PgstrataError(`Cannot read ${file}: it is not JSON`, {
      code: "usage",
      hint: "JSON takes no comments and no comma after the last element.",
      cause,
    });
  }
  const result = v.safeParse(configSchema, data);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map((part) => String(part.key));
  const name = path.at(-1) ?? "";
  const where = path.length === 0 ? "the whole" : path.join(".");
  if (issue.expected !== "never") {
    throw new PgstrataError(`Cannot read ${file}: ${where} is not what it should be`, {
      code: "usage",
      context: { reason: issue.message },
      hint: "The JSON Schema of pgstrata.json says what may stand there; editors check against it.",
    });
  }
  const known = knownNames(configSchema, path.slice(0, -1));
  throw new PgstrataError(`Cannot read ${file}: ${where} is unknown`, {
    code: "usage",
    hint: known.length === 0
      ? "Remove it."
      : `Did you mean ${closestString(name, known)}? Known there: ${known.toSorted().join(", ")}.`,
  });
}

/**
 * Reads `pgstrata.json`; without the file everything has its default.
 *
 * @throws {PgstrataError} see {@linkcode parseConfig}; code `usage` when the file cannot be read
 */
export async function readConfig(path: string): Promise<Config> {
  try {
    return parseConfig(await Deno.readTextFile(path), path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return parseConfig("{}", path);
    if (cause instanceof PgstrataError) throw cause;
    throw new PgstrataError(`Cannot read ${path}: the system refused`, { code: "usage", cause });
  }
}

/** Names an object of the configuration may have, at a path of names and indexes. */
function knownNames(schema: unknown, path: readonly string[]): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if ("wrapped" in schema) return knownNames(schema.wrapped, path);
  if ("options" in schema && Array.isArray(schema.options)) {
    return [...new Set(schema.options.flatMap((option: unknown) => knownNames(option, path)))];
  }
  if ("item" in schema) return path.length === 0 ? [] : knownNames(schema.item, path.slice(1));
  if (!("entries" in schema) || typeof schema.entries !== "object" || schema.entries === null) return [];
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(schema.entries);
  return knownNames(new Map<string, unknown>(Object.entries(schema.entries)).get(first), rest);
}
