import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { PgstrataError } from "../lib/base/mod.ts";

/** An error of code `usage` whose hint ends with where to read on. */
export function usage(message: string, path: readonly string[], hint?: string): PgstrataError {
  const help = `See: pgstrata ${["help", ...path].join(" ")}`;
  return new PgstrataError(message, { code: "usage", hint: hint === undefined ? help : `${hint} ${help}` });
}

/** The nearest of some words, if it is near enough to be a slip. */
export function closest(word: string, words: readonly string[]): string | null {
  if (words.length === 0 || word === "") return null;
  const found = closestString(word, words);
  const letters = word.replace(/^-+/, "").length;
  const slack = letters <= 3 ? 1 : Math.max(2, Math.floor(letters / 3));
  return found.startsWith(word) || levenshteinDistance(word, found) <= slack ? found : null;
}
