import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { parseEnvText, strayEnvLines } from "./env_text.ts";

/** Variables whose values are often passwords or hold one. */
const SECRET_NAME = /URL|PASSWORD|PASSPHRASE|SECRET|TOKEN|KEY/i;

/**
 * Variables of the real environment and of `.env` in `folder`; the real ones win.
 *
 * @param realEnv the process's variables, handed in so that this room reads none by itself
 * @returns the variables, and what is wrong with its text together with what to do about it (who may read it: `envFileRisks` of the doctor)
 * @throws {PgstrataError} code `usage` when the file exists but cannot be read
 */
export async function loadEnvironment(
  folder: string,
  realEnv: Readonly<Record<string, string>>,
): Promise<{ env: Record<string, string>; warnings: string[] }> {
  const path = join(folder, ".env");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return { env: { ...realEnv }, warnings: [] };
    throw new PgstrataError(`Cannot read ${path}: the file cannot be opened`, {
      code: "usage",
      cause,
      hint: "Make it readable for this user, or move it away and set the variables in the environment.",
    });
  }
  const stray = strayEnvLines(text);
  const warnings = [
    ...cutValues(text).map((name) =>
      `${path}: the value of ${name} is cut at an unquoted "#". Put it in quotes: ${name}="…", or write # as %23 in a URL.`
    ),
    // Never the text: it may be a password.
    ...stray.length === 0 ? [] : [
      `${path}: line${stray.length === 1 ? "" : "s"} ${stray.slice(0, 8).join(", ")}${
        stray.length > 8 ? " and more" : ""
      } ${stray.length === 1 ? "is" : "are"} no NAME=value and passed over.`,
    ],
  ];
  return { env: { ...parseEnvText(text), ...realEnv }, warnings };
}

/** Names of variables with a `#` in an unquoted value: there the comment begins. A `#` after a space is meant so. */
function cutValues(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?:export\s+)?(\w+)\s*=\s*([^'"`\s#][^\s#]*)?#/.exec(line);
    return match?.[1] !== undefined && SECRET_NAME.test(match[1]) ? [match[1]] : [];
  });
}
