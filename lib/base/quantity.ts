import { format as formatBytes } from "@std/fmt/bytes";
import { format as formatDuration } from "@std/fmt/duration";
import { PgstrataError } from "./errors.ts";

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Bytes from text such as `512MiB`, `5GB`, `2g` (single letters are powers of 1024) or `1000`.
 *
 * @throws {PgstrataError} code `usage` on anything else.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = SIZE_UNITS[(match?.[2] ?? "?").toLowerCase()];
  if (match === null || unit === undefined) {
    throw new PgstrataError(`Cannot read size "${text}": it is not a number with a unit`, {
      code: "usage",
      hint: "Write a size like 500MB, 2GiB or 1073741824.",
    });
  }
  return Math.round(Number(match[1]) * unit);
}

/**
 * Milliseconds from text such as `60s`, `5min`, `2h`, `30d`, `500ms`; a bare number is seconds.
 *
 * @throws {PgstrataError} code `usage` on anything else.
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = DURATION_UNITS[(match?.[2] || "s").toLowerCase()];
  if (match === null || unit === undefined) {
    throw new PgstrataError(`Cannot read duration "${text}": it is not a number with a unit`, {
      code: "usage",
      hint: "Write a duration like 30s, 5min, 2h or 30d.",
    });
  }
  return Math.round(Number(match[1]) * unit);
}

/** A size for people, in powers of 1000: `1.8 GB`. */
export function sizeText(bytes: number): string {
  // In the language of all our text, whatever the machine's is.
  return formatBytes(bytes, { locale: "en-US", maximumFractionDigits: bytes < 1e6 ? 0 : 1 });
}

/** A duration for people: `1m 12s`; under ten seconds with a decimal: `3.4s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)}s`;
  return formatDuration(Math.round(milliseconds / 1000) * 1000, { ignoreZero: true });
}

/** A count for people, digits in groups of three: `1 234 567`. */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}

/** `1 schema`, `2 schemas`, `12 345 rows`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
