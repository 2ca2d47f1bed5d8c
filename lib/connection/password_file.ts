import type { HostAddress, Target } from "./target.ts";

/** Debian's and upstream's socket folder: libpq looks them up as `localhost`. */
const DEFAULT_SOCKET_FOLDERS: ReadonlySet<string> = new Set(["/var/run/postgresql", "/tmp"]);

/** One line of libpq's password file; `:` and `\` are escaped in every field. */
export function passwordLine(host: string, port: string, database: string, user: string, password: string): string {
  return [host, port, database, user, password].map((field) => field.replaceAll(/[\\:]/g, "\\$&")).join(":") + "\n";
}

/** The password for a connection from the text of a password file, as libpq finds it: the first line that matches. */
export function findPassword(
  text: string,
  { host, port, database, user }: { host: string; port: number; database: string; user: string },
): string | undefined {
  const wanted = [DEFAULT_SOCKET_FOLDERS.has(host) ? "localhost" : host, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = splitLine(line);
    const password = fields[4];
    if (password !== undefined && wanted.every((value, index) => fields[index] === "*" || fields[index] === value)) {
      return password;
    }
  }
  return undefined;
}

/**
 * Asks libpq's password file, for a target without a password.
 *
 * @param onWarning told when the file is ignored because others can read it, as libpq does
 */
export async function passwordFromFile(
  target: Target,
  address: HostAddress,
  onWarning?: (message: string) => void,
): Promise<string | undefined> {
  const path = target.passfile;
  if (path === undefined) return undefined;
  try {
    const { mode, isFile } = await Deno.stat(path);
    if (!isFile) return undefined;
    if (Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0) {
      onWarning?.(`${path} is ignored because other users can read it. Run: chmod 600 ${path}`);
      return undefined;
    }
    return findPassword(await Deno.readTextFile(path), { ...address, database: target.database, user: target.user });
  } catch {
    return undefined; // None there, or not for us to read: libpq goes on without it, too.
  }
}

function splitLine(line: string): string[] {
  const fields = [""];
  for (let at = 0; at < line.length; at++) {
    const last = fields.length - 1;
    // Only the first four colons separate; libpq takes the rest as the password.
    if (line[at] === ":" && last < 4) fields.push("");
    else if (line[at] === "\\" && at + 1 < line.length) fields[last] += line[++at] ?? "";
    else fields[last] += line[at] ?? "";
  }
  return fields;
}
