import type { Session } from "./session_contract.ts";

/**
 * Of the settings wanted, those that a new session of this role in this database would start with another value of
 * (`ALTER DATABASE … SET`, `ALTER ROLE … SET`, the server's configuration). A setting the server does not know is none.
 */
export async function deviatingSettings(
  session: Session,
  wanted: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const rows = await session.query<{ name: string; value: string | null }>(
    "SELECT name, reset_val AS value FROM pg_catalog.pg_settings",
  );
  const starts = new Map(rows.map(({ name, value }) => [name, value]));
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => starts.has(name) && starts.get(name) !== value),
  );
}

/** Variables for PostgreSQL's programs with which their sessions start with these settings, too. */
export function withSettings(
  environment: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const added = Object.entries(settings).map(([name, value]) => `-c ${escaped(`${name}=${value}`)}`);
  // Not every pooler takes options: they are asked for only where they are needed.
  if (added.length === 0) return { ...environment };
  const given = environment.PGOPTIONS;
  return { ...environment, PGOPTIONS: [...(given === undefined ? [] : [given]), ...added].join(" ") };
}

/** Spaces and backslashes are escaped (PostgreSQL: `pg_split_opts`). */
function escaped(text: string): string {
  return text.replaceAll(/[\\\s]/g, (char) => `\\${char}`);
}
