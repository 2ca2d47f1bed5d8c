import type { Session } from "../connection/mod.ts";

/** What the server says of itself and of the database. */
export interface ServerFacts {
  /** As `SHOW server_version`. */
  readonly version: string;
  /** As `SELECT version()`. */
  readonly versionText: string;
  readonly versionNumber: number;
  readonly database: string;
  /** Bytes on the server's disk; 0 if the role may not ask. */
  readonly databaseBytes: number;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `libc`, `icu` or `builtin`. */
  readonly localeProvider: string;
  /** The provider's locale where it is not libc's. */
  readonly locale: string | null;
  readonly inRecovery: boolean;
  readonly user: string;
  readonly superuser: boolean;
  /** Settings that COPY text depends on and pg_dump does not fix. */
  readonly copySettings: Readonly<Record<string, string>>;
}

const PROVIDERS: Readonly<Record<string, string>> = { c: "libc", i: "icu", b: "builtin", d: "default" };

/** Settings COPY text depends on and pg_dump leaves as the server has them (DECISIONS 7). */
export const COPY_SETTINGS: readonly string[] = ["TimeZone", "bytea_output", "lc_monetary", "xmlbinary"];

/** Reads the {@linkcode ServerFacts}. */
export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const major = session.serverMajor;
  const provider = major >= 15 ? "d.datlocprovider::text" : "'c'";
  const locale = major >= 17 ? "d.datlocale" : major >= 15 ? "d.daticulocale" : "NULL::text";
  const [row] = await session.query<Record<string, string | boolean | null>>(`
SELECT version() AS version_text, current_setting('server_version') AS version,
       current_setting('server_version_num') AS version_number, current_database() AS database,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) ELSE 0 END::text AS bytes,
       pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       ${provider} AS provider, ${locale} AS locale, pg_is_in_recovery() AS in_recovery,
       current_user AS user, r.rolsuper AS superuser,
       ${COPY_SETTINGS.map((name) => `current_setting('${name}') AS "setting_${name}"`).join(", ")}
  FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
 WHERE d.datname = current_database() AND r.rolname = current_user`);
  const text = (name: string) => String(row?.[name] ?? "");
  return {
    version: text("version"),
    versionText: text("version_text"),
    versionNumber: Number(text("version_number")),
    database: text("database"),
    databaseBytes: Number(text("bytes")),
    encoding: text("encoding"),
    collate: text("collate"),
    ctype: text("ctype"),
    localeProvider: PROVIDERS[text("provider")] ?? text("provider"),
    locale: row?.locale === null || row?.locale === undefined ? null : String(row.locale),
    inRecovery: row?.in_recovery === true,
    user: text("user"),
    superuser: row?.superuser === true,
    copySettings: Object.fromEntries(COPY_SETTINGS.map((name) => [name, text(`setting_${name}`)])),
  };
}
