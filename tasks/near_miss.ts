import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** Whether one word is the other with a letter too many, too few or wrong, or with letters swapped. Not the same word. */
export function isNearMiss(word: string, other: string): boolean {
  if (word === other || word.length < 3) return false;
  const sorted = (text: string) => [...text].sort().join("");
  return levenshteinDistance(word, other) === 1 || sorted(word) === sorted(other);
}
