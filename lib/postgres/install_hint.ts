/** Whether programs are wanted to talk to a server, or to run one. */
export type ToolKind = "client" | "server";

/**
 * One line that says how to install PostgreSQL's programs on a system.
 *
 * @param major version of PostgreSQL
 * @param osRelease content of `/etc/os-release`; empty where there is none
 * @param os `Deno.build.os`
 * @param what client programs (default) or the server
 */
export function installHint(major: number, osRelease: string, os: string, what: ToolKind = "client"): string {
  const suffix = what === "client" ? "-client" : "";
  if (os === "darwin") {
    return what === "client"
      ? `Install it: brew install postgresql@${major} (or: brew install libpq for the newest client).`
      : `Install it: brew install postgresql@${major}`;
  }
  if (os === "windows") {
    return `Install PostgreSQL ${major} with the installer from https://www.postgresql.org/download/windows/ ` +
      `(or: winget install PostgreSQL.PostgreSQL.${major}).`;
  }
  const ids = distributions(osRelease);
  const is = (...names: string[]) => names.some((name) => ids.includes(name));
  if (is("debian", "ubuntu")) {
    return `Install it: apt-get install postgresql${suffix}-${major}. If there is no such package, add ` +
      "PostgreSQL's own repository first: apt-get install postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh";
  }
  if (is("rhel", "fedora", "centos", "amzn", "rocky", "almalinux")) {
    return `Install it: dnf install postgresql${major}${what === "client" ? "" : "-server"} ` +
      "(from PostgreSQL's repository, see https://www.postgresql.org/download/linux/redhat/).";
  }
  if (is("alpine")) return `Install it: apk add postgresql${major}${suffix}`;
  if (is("arch")) {
    return `Install it: pacman -S ${what === "client" ? "postgresql-libs" : "postgresql"} ` +
      `(Arch has the newest version only; it must be ${major} or newer).`;
  }
  if (is("suse", "opensuse")) {
    return `Install it: zypper install postgresql${major}${what === "client" ? "" : "-server"}`;
  }
  return `Install PostgreSQL ${major} (see https://www.postgresql.org/download/) and name its bin folder in PGSTRATA_PG_BIN.`;
}

/** Values of ID and ID_LIKE, lower case. */
function distributions(osRelease: string): string[] {
  return [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)]
    .flatMap((match) => (match[1] ?? "").replaceAll(/["']/g, "").toLowerCase().split(/\s+/));
}
