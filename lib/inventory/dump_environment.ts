import { deviatingSettings, type Session, withSettings } from "../connection/mod.ts";

/**
 * Settings of a database or role that change what pg_dump writes and that it leaves as they are: literals with doubled
 * backslashes, and every name in quotes. A dump made with them is not equal to that of the same database without them.
 */
const PLAIN: Readonly<Record<string, string>> = { standard_conforming_strings: "on", quote_all_identifiers: "off" };

/**
 * Variables for pg_dump, so that its text does not depend on settings of the database or role: in the database's own
 * encoding whatever `client_encoding` is set to (pg_dump fails on characters that this has not), and plainly written.
 *
 * @param environment see `toolEnvironment`
 * @param encoding the database's
 */
export async function dumpEnvironment(
  session: Session,
  environment: Readonly<Record<string, string>>,
  encoding: string,
): Promise<Record<string, string>> {
  const settings = await deviatingSettings(session, PLAIN);
  return { ...withSettings(environment, settings), PGCLIENTENCODING: encoding };
}
