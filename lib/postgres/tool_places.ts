import { join } from "@std/path";

/** A folder in which PostgreSQL's programs may be. */
export interface ToolPlace {
  readonly folder: string;
  /** What a person calls this place. */
  readonly source: string;
}

/** Where packages put PostgreSQL, by system; a `*` stands for any part of one folder name. */
const INSTALLED: Readonly<Record<string, readonly ToolPlace[]>> = {
  linux: [
    { source: "Debian", folder: "/usr/lib/postgresql/*/bin" },
    { source: "RedHat", folder: "/usr/pgsql-*/bin" },
    { source: "Alpine", folder: "/usr/libexec/postgresql*" },
    { source: "Gentoo", folder: "/usr/lib64/postgresql-*/bin" },
    { source: "source build", folder: "/usr/local/pgsql/bin" },
    { source: "Homebrew", folder: "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin" },
  ],
  darwin: [
    { source: "Homebrew", folder: "/opt/homebrew/opt/postgresql@*/bin" },
    { source: "Homebrew", folder: "/opt/homebrew/opt/libpq/bin" },
    { source: "Homebrew", folder: "/usr/local/opt/postgresql@*/bin" },
    { source: "Homebrew", folder: "/usr/local/opt/libpq/bin" },
    { source: "Postgres.app", folder: "/Applications/Postgres.app/Contents/Versions/*/bin" },
    { source: "source build", folder: "/usr/local/pgsql/bin" },
  ],
  windows: [{ source: "Windows", folder: "C:\\Program Files\\PostgreSQL\\*\\bin" }],
};

/**
 * Folders to look in, the most wanted first: those the user names in `PGSTRATA_PG_BIN`,
 * those of PATH, those the system's packages use.
 */
export function toolPlaces(env: Readonly<Record<string, string>>, os: string = Deno.build.os): ToolPlace[] {
  const separator = os === "windows" ? ";" : ":";
  const listed = (name: string) =>
    (env[name] ?? "").split(separator).filter((folder) => folder !== "").map((folder) => ({ folder, source: name }));
  return [
    ...listed("PGSTRATA_PG_BIN"),
    ...listed("PATH"),
    ...(INSTALLED[os] ?? []).flatMap(({ folder, source }) => expand(folder).map((folder) => ({ folder, source }))),
  ];
}

/** Folders that exist for a pattern with at most one `*`. */
export function expand(pattern: string): string[] {
  const separator = pattern.includes("\\") ? "\\" : "/";
  const parts = pattern.split(separator);
  const star = parts.findIndex((part) => part.includes("*"));
  if (star === -1) return [pattern];
  const [prefix = "", suffix = ""] = (parts[star] ?? "").split("*");
  const parent = parts.slice(0, star).join(separator);
  return namesIn(parent)
    .filter((name) => name.length > prefix.length + suffix.length && name.startsWith(prefix) && name.endsWith(suffix))
    .sort()
    .map((name) => join(parent, name, ...parts.slice(star + 1)));
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}
