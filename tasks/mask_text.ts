import { maskSecrets, type Secret } from "../lib/base/mod.ts";

/** Passwords in connection URLs and libpq keyword strings that stand in a text, whoever wrote it. */
const PASSWORD_FORMS: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)\S+@/gi, "$1********@"],
  [/(\b(?:ssl)?password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&"'`]+)/gi, "$1********"],
];

/** Text with the known secrets masked, and what looks like a password in a connection string too. */
export function maskText(text: string, secrets: readonly Secret[]): string {
  return PASSWORD_FORMS.reduce((masked, [form, by]) => masked.replace(form, by), maskSecrets(text, secrets));
}
