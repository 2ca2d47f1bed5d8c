import { PgstrataError } from "../lib/base/mod.ts";
import { addPeriod, parsePeriod } from "../lib/catalog/mod.ts";

/**
 * The time until which a backup is kept: the end of a day in UTC, a time with its zone, or a period from now.
 *
 * @throws {PgstrataError} code `usage` for anything else, and for a time that has passed
 */
export function parseUntil(text: string, now: Date): Date {
  const until = readUntil(text.trim(), now);
  if (until === null) {
    throw new PgstrataError(`Cannot read --until: "${text}" is neither a day nor a time from now`, {
      code: "usage",
      hint: "Write a day like 2026-12-31, or 30d, 4w, 6mo, 1y.",
    });
  }
  if (until > now) return until;
  throw new PgstrataError(`Cannot read --until: ${text} has passed`, {
    code: "usage",
    hint: "Give a time to come, or leave --until out to keep it for ever.",
  });
}

function readUntil(text: string, now: Date): Date | null {
  const period = parsePeriod(text);
  if (period !== null) return addPeriod(now, period);
  const day = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text);
  if (day === null) return null;
  const until = new Date(day[2] === undefined ? `${text}T23:59:59Z` : text);
  if (Number.isNaN(until.getTime())) return null;
  // JavaScript takes the 31st of February for the 3rd of March.
  const written = new Date(`${day[1]}T00:00:00Z`);
  return Number.isNaN(written.getTime()) || written.toISOString().slice(0, 10) !== day[1] ? null : until;
}
