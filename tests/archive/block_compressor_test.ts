import { assertEquals } from "@std/assert";
import { inflateSync } from "node:zlib";
import { blockCompressor } from "../../lib/archive/mod.ts";

/** Bytes that hold no repetition to speak of, always the same. */
function sampleText(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return 32 + (state >>> 24) % 90;
  });
}

function compressed(bytes: Uint8Array, pieceSize: number, level = 6): Uint8Array {
  const compressor = blockCompressor({ algorithm: "gzip", level });
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += pieceSize) {
    parts.push(compressor.compress(bytes.subarray(start, start + pieceSize)));
  }
  parts.push(compressor.end());
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

for (const length of [0, 1, 99_999, 100_000, 100_001, 400_000]) {
  for (const pieceSize of [1000, 32 * 1024, 100_000]) {
    Deno.test(`gzip pieces of ${pieceSize} bytes make one zlib stream of ${length} bytes`, () => {
      const bytes = sampleText(length);
      assertEquals(new Uint8Array(inflateSync(compressed(bytes, pieceSize))), bytes);
    });
  }
}

Deno.test("zlib notices a changed byte in our stream", () => {
  const stream = compressed(sampleText(50_000), 10_000);
  let noticed = 0;
  for (let index = 2; index < stream.length; index += 97) {
    const damaged = stream.slice();
    damaged[index] = (damaged[index] ?? 0) ^ 0x10;
    try {
      if (inflateSync(damaged).length !== 50_000) noticed++;
    } catch {
      noticed++;
    }
  }
  assertEquals(noticed, Math.ceil((stream.length - 2) / 97));
});

Deno.test("none passes the bytes through", () => {
  const compressor = blockCompressor({ algorithm: "none", level: 0 });
  const piece = sampleText(10);
  assertEquals(compressor.compress(piece), piece);
  assertEquals(compressor.end().length, 0);
});
