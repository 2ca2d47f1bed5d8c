import { bytesCodec } from "./text_codec.ts";

/** PostgreSQL's names of encodings as the labels of the WHATWG Encoding Standard. */
const LABELS: Readonly<Record<string, string>> = {
  UTF8: "utf-8",
  UNICODE: "utf-8",
  SQL_ASCII: "utf-8",
  LATIN2: "iso-8859-2",
  LATIN3: "iso-8859-3",
  LATIN4: "iso-8859-4",
  LATIN7: "iso-8859-13",
  LATIN8: "iso-8859-14",
  LATIN9: "iso-8859-15",
  LATIN10: "iso-8859-16",
  ISO_8859_5: "iso-8859-5",
  ISO_8859_6: "iso-8859-6",
  ISO_8859_7: "iso-8859-7",
  ISO_8859_8: "iso-8859-8",
  WIN866: "ibm866",
  WIN874: "windows-874",
  WIN1250: "windows-1250",
  WIN1251: "windows-1251",
  WIN1252: "windows-1252",
  WIN1253: "windows-1253",
  WIN1254: "windows-1254",
  WIN1255: "windows-1255",
  WIN1256: "windows-1256",
  WIN1257: "windows-1257",
  WIN1258: "windows-1258",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  EUC_JP: "euc-jp",
  EUC_KR: "euc-kr",
  EUC_CN: "gbk",
};

/** Where ISO 8859-9 differs from ISO 8859-1. */
const LATIN5: Readonly<Record<string, string>> = { Ð: "Ğ", Ý: "İ", Þ: "Ş", ð: "ğ", ý: "ı", þ: "ş" };

/**
 * Text of a database's encoding, as a driver that speaks UTF-8 needs it.
 *
 * @throws {RangeError} when the encoding cannot be read here
 * @throws {TypeError} when the bytes are not of it
 */
export function decodeServerText(bytes: Uint8Array, encoding: string): string {
  // The standard makes windows-1252 of iso-8859-1, and windows-1254 of -9: the bytes 0x80 to 0x9f differ.
  if (encoding === "LATIN1") return bytesCodec.decode(bytes);
  if (encoding === "LATIN5") return bytesCodec.decode(bytes).replaceAll(/[ÐÝÞðýþ]/g, (char) => LATIN5[char] ?? char);
  const label = LABELS[encoding];
  if (label === undefined) throw new RangeError(`there is no decoder for ${encoding}`);
  return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
}
