import { PgstrataError } from "../base/mod.ts";

/** PostgreSQL's names of encodings as the labels of the WHATWG Encoding Standard, where they differ. */
const LABELS: Readonly<Record<string, string>> = {
  UTF8: "utf-8",
  UNICODE: "utf-8",
  SQL_ASCII: "utf-8",
  LATIN1: "iso-8859-1",
  LATIN2: "iso-8859-2",
  LATIN5: "iso-8859-9",
  LATIN9: "iso-8859-15",
  LATIN10: "iso-8859-16",
  ISO_8859_5: "iso-8859-5",
  ISO_8859_6: "iso-8859-6",
  ISO_8859_7: "iso-8859-7",
  ISO_8859_8: "iso-8859-8",
  WIN1250: "windows-1250",
  WIN1251: "windows-1251",
  WIN1252: "windows-1252",
  WIN1253: "windows-1253",
  WIN1254: "windows-1254",
  WIN1255: "windows-1255",
  WIN1256: "windows-1256",
  WIN1257: "windows-1257",
  WIN1258: "windows-1258",
  WIN866: "ibm866",
  WIN874: "windows-874",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  EUC_JP: "euc-jp",
  EUC_KR: "euc-kr",
  EUC_CN: "gbk",
};

/**
 * Text of a database's encoding, as a driver that speaks UTF-8 needs it.
 *
 * @throws {PgstrataError} when the encoding cannot be read here or the bytes are not of it
 */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  const label = LABELS[encoding];
  // windows-1252 is what the standard makes of iso-8859-1; the bytes 0x80 to 0x9f differ.
  if (encoding === "LATIN1") return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  try {
    if (label === undefined) throw new RangeError(`no decoder for ${encoding}`);
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PgstrataError(`Cannot read SQL text of the backup: its encoding is ${encoding}`, {
      cause,
      hint: "Restore from the full archive (--tier full): pg_restore reads every encoding.",
    });
  }
}
