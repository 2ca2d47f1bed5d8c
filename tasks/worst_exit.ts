import { EXIT_CODES } from "../lib/base/mod.ts";

/** Exit codes from the mildest to the worst, for runs that did several things. */
const MILDEST_FIRST: readonly number[] = [
  EXIT_CODES.done,
  EXIT_CODES.not_good,
  EXIT_CODES.refused,
  EXIT_CODES.usage,
  EXIT_CODES.tool,
  EXIT_CODES.connection,
  EXIT_CODES.no_room,
  EXIT_CODES.failed,
  EXIT_CODES.interrupted,
];

/** The exit code for a run whose parts ended with these. A code that is not ours counts as a failure. */
export function worstExit(codes: readonly number[]): number {
  const ranks = codes.map((code) => MILDEST_FIRST.includes(code) ? code : EXIT_CODES.failed)
    .map((code) => MILDEST_FIRST.indexOf(code));
  return MILDEST_FIRST[Math.max(0, ...ranks)] ?? EXIT_CODES.failed;
}
