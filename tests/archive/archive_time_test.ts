import { assertEquals, assertThrows } from "@std/assert";
import { archiveTimeSpan } from "../../lib/archive/archive_time.ts";
import { ArchiveError, ArchiveTruncatedError } from "../../lib/archive/archive_error.ts";
import { BinaryWriter } from "../../lib/archive/binary_writer.ts";
import { type ArchiveHeader, writeHeader } from "../../lib/archive/header.ts";
import { utf8Codec } from "../../lib/archive/text_codec.ts";

function head(minor: number, time: readonly number[], database = "shop"): Uint8Array {
  const header: ArchiveHeader = {
    minor,
    revision: 0,
    format: "custom",
    compression: "gzip",
    level: 6,
    time,
    database,
    serverVersion: "15.3",
    clientVersion: "15.3",
  };
  const writer = new BinaryWriter(utf8Codec);
  writeHeader(writer, header);
  return writer.bytes();
}

for (const minor of [14, 15, 16]) {
  Deno.test(`archiveTimeSpan() finds the time, and nothing but the time, in version 1.${minor}`, () => {
    const one = head(minor, [1, 2, 3, 4, 5, 126, 0]);
    const other = head(minor, [59, 58, 23, 31, 11, 127, 1]);
    const { start, end } = archiveTimeSpan(one);
    const differing = [...one.keys()].filter((at) => one[at] !== other[at]);
    assertEquals(end - start, 35);
    assertEquals(differing.every((at) => at >= start && at < end), true);
    assertEquals(differing.length, 7);
    one.set(other.subarray(start, end), start);
    assertEquals(one, other);
  });
}

Deno.test("archiveTimeSpan() refuses what is no archive, and less than a header", () => {
  assertThrows(() => archiveTimeSpan(new TextEncoder().encode("COPY public.t")), ArchiveError);
  assertThrows(() => archiveTimeSpan(head(16, [0, 0, 0, 1, 0, 126, 0]).subarray(0, 50)), ArchiveTruncatedError);
});
