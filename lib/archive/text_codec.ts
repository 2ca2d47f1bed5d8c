import { Buffer } from "node:buffer";

/**
 * How the strings of one archive become JavaScript strings and back, byte for byte.
 *
 * pg_dump writes names and definitions in the database's encoding. Valid UTF-8 is read as such. Anything else
 * (LATIN1, SQL_ASCII with mixed bytes, …) is read with one character per byte, so that what is written again
 * is what was read, whatever the encoding.
 */
export interface TextCodec {
  readonly name: "utf8" | "bytes";
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Strings are UTF-8. {@linkcode TextCodec.decode} throws `TypeError` on anything else. */
export const utf8Codec: TextCodec = {
  name: "utf8",
  decode: (bytes) => strictDecoder.decode(bytes),
  encode: (text) => encoder.encode(text),
};

/** One character per byte. */
export const bytesCodec: TextCodec = {
  name: "bytes",
  // Node's latin1 is one character per byte; TextDecoder's is windows-1252.
  decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1"),
  encode: (text) => Uint8Array.from(text, (char) => char.charCodeAt(0)),
};
