/**
 * Number and order-independent digest of rows: sums of a 128-bit hash of each row's COPY text, kept as eight sums of
 * 16-bit parts (exact up to 2^37 rows). Restores do not keep the order of rows, so this decides where the plain hash
 * differs (DECISIONS 7).
 */
export class RowsDigest {
  rows = 0;
  readonly #sums = new Float64Array(8);
  #rest: Uint8Array = new Uint8Array(0);

  /** COPY text, cut anywhere. */
  push(bytes: Uint8Array): void {
    let start = 0;
    if (this.#rest.length > 0) {
      const end = bytes.indexOf(10);
      this.#rest = joined(this.#rest, end === -1 ? bytes : bytes.subarray(0, end));
      if (end === -1) return;
      this.#add(this.#rest, 0, this.#rest.length);
      this.#rest = new Uint8Array(0);
      start = end + 1;
    }
    for (let end = bytes.indexOf(10, start); end !== -1; end = bytes.indexOf(10, start)) {
      this.#add(bytes, start, end);
      start = end + 1;
    }
    this.#rest = bytes.slice(start);
  }

  /** Adds the rows of another digest. */
  addAll(other: RowsDigest): void {
    this.rows += other.rows;
    for (let index = 0; index < 8; index++) this.#sums[index] = (this.#sums[index] ?? 0) + (other.#sums[index] ?? 0);
  }

  /** Whether both are of the same rows, in whatever order. */
  equals(other: RowsDigest): boolean {
    return this.rows === other.rows && this.#sums.every((sum, index) => sum === other.#sums[index]);
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    this.rows++;
    hash128(bytes, start, end, parts);
    for (let index = 0; index < 4; index++) {
      const part = parts[index] as number;
      this.#sums[2 * index] = (this.#sums[2 * index] as number) + (part & 0xffff);
      this.#sums[2 * index + 1] = (this.#sums[2 * index + 1] as number) + (part >>> 16);
    }
  }
}

const parts = new Uint32Array(4);

const MULTIPLIERS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
const ADDENDS = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17] as const;
const ROTATIONS = [[15, 19], [16, 17], [17, 15], [18, 13]] as const;

/** MurmurHash3 x86-128 (Austin Appleby, public domain), seed 0: quick in JavaScript where a cryptographic one per row is not. */
export function hash128(bytes: Uint8Array, start: number, end: number, out: Uint32Array): void {
  out.fill(0);
  const length = end - start;
  const blocks = start + (length & ~15);
  for (let at = start; at < blocks; at += 16) {
    for (let lane = 0; lane < 4; lane++) mixWord(out, lane, littleEndian(bytes, at + 4 * lane, 4));
  }
  for (let lane = 3; lane >= 0; lane--) {
    const at = blocks + 4 * lane;
    if (at < end) mixTail(out, lane, littleEndian(bytes, at, Math.min(4, end - at)));
  }
  for (let lane = 0; lane < 4; lane++) out[lane] = (out[lane] as number) ^ length;
  spread(out);
  for (let lane = 0; lane < 4; lane++) out[lane] = finalMix(out[lane] as number);
  spread(out);
}

function mixWord(state: Uint32Array, lane: number, word: number): void {
  mixTail(state, lane, word);
  const [, rotation] = ROTATIONS[lane] as readonly [number, number];
  const next = state[(lane + 1) % 4] as number;
  const sum = (rotate(state[lane] as number, rotation) + next) >>> 0;
  state[lane] = Math.imul(sum, 5) + (ADDENDS[lane] as number);
}

function mixTail(state: Uint32Array, lane: number, word: number): void {
  const [rotation] = ROTATIONS[lane] as readonly [number, number];
  const mixed = rotate(Math.imul(word, MULTIPLIERS[lane] as number), rotation);
  state[lane] = (state[lane] as number) ^ Math.imul(mixed, MULTIPLIERS[(lane + 1) % 4] as number);
}

function spread(state: Uint32Array): void {
  state[0] = (state[0] as number) + (state[1] as number) + (state[2] as number) + (state[3] as number);
  for (let lane = 1; lane < 4; lane++) state[lane] = (state[lane] as number) + (state[0] as number);
}

function finalMix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let index = 0; index < count; index++) word |= (bytes[at + index] as number) << (8 * index);
  return word;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
