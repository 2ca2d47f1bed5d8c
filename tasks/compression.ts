import { PgstrataError } from "../lib/base/mod.ts";
import type { Compression } from "../lib/backup/mod.ts";

const LEVELS = {
  zstd: { default: 3, min: 1, max: 22 },
  gzip: { default: 6, min: 1, max: 9 },
} as const;

/**
 * Compression from text: `zstd`, `zstd:9`, `gzip`, `gzip:1` or `none`.
 *
 * @throws {PgstrataError} code `usage` for anything else.
 */
export function parseCompression(text: string): Compression {
  const match = /^(zstd|gzip|none)(?::(\d+))?$/i.exec(text.trim());
  const algorithm = match?.[1]?.toLowerCase();
  if (algorithm === "none" && match?.[2] === undefined) return { algorithm, level: 0 };
  if (algorithm === "zstd" || algorithm === "gzip") {
    const { default: initial, min, max } = LEVELS[algorithm];
    const level = match?.[2] === undefined ? initial : Number(match[2]);
    if (level >= min && level <= max) return { algorithm, level };
  }
  throw new PgstrataError(`Cannot read --compress: "${text}" is not a known compression`, {
    code: "usage",
    hint: "Write zstd, zstd:1 to zstd:22, gzip, gzip:1 to gzip:9, or none.",
  });
}
