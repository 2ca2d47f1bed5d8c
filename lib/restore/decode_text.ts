import { decodeServerText } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";

/**
 * Text of a database's encoding, as a driver that speaks UTF-8 needs it.
 *
 * @throws {PgstrataError} when the encoding cannot be read here or the bytes are not of it
 */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  try {
    return decodeServerText(bytes, encoding);
  } catch (cause) {
    throw new PgstrataError(`Cannot read SQL text of the backup: its encoding is ${encoding}`, {
      cause,
      hint: "Restore from the full archive (--tier full): pg_restore reads every encoding.",
    });
  }
}
