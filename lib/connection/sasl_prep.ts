/** Spaces other than U+0020 (RFC 3454 table C.1.2): become U+0020. */
const OTHER_SPACES = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g;

/** Characters that vanish (RFC 3454 table B.1). */
const NOTHING = /[\u00AD\u034F\u1806\u180B-\u180D\u200C\u200D\u2060\uFE00-\uFE0F\uFEFF]/g;

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const PROHIBITED = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u206A-\u206F\uFFF9-\uFFFD\uD800-\uDFFF\uE000-\uF8FF]/;

/**
 * A password as SCRAM hashes it: SASLprep (RFC 4013), as libpq and the server do. The driver sends the raw text, so that
 * a password with, say, a decomposed `ü` would work in psql only. Text that SASLprep refuses is used as it is, like in libpq.
 */
export function saslPrep(password: string): string {
  const prepared = password.replace(OTHER_SPACES, " ").replace(NOTHING, "").normalize("NFKC");
  return prepared === "" || PROHIBITED.test(prepared.replace(/[\u{10000}-\u{10FFFF}]/gu, "")) ? password : prepared;
}
