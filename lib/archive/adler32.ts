const MODULUS = 65521;
/** Most bytes whose sums stay below 2^32 without reducing (zlib: NMAX). */
const RUN = 5552;

/** The Adler-32 checksum of RFC 1950, continued from `start` (1 for a new one). */
export function adler32(bytes: Uint8Array, start = 1): number {
  let low = start & 0xffff;
  let high = start >>> 16;
  for (let begin = 0; begin < bytes.length; begin += RUN) {
    const end = Math.min(begin + RUN, bytes.length);
    for (let index = begin; index < end; index++) {
      low += bytes[index] as number;
      high += low;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
