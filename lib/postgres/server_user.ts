/** User and group a server runs as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * PostgreSQL's server refuses to run as root: then it runs as `postgres`, else as `nobody`.
 * Null means: as we are.
 */
export function serverUser(): ServerUser | null {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return null;
  const accounts = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const account = accounts.find((fields) => fields[0] === name);
    const [uid, gid] = [Number(account?.[2]), Number(account?.[3])];
    if (account !== undefined && uid > 0 && gid > 0) return { uid, gid, name };
  }
  return { uid: 65534, gid: 65534, name: "65534" };
}
