import { join } from "@std/path";
import { FILE_MODE } from "../system/mod.ts";
import { ConnectionError } from "./connection_error.ts";
import { LIBPQ_PARAMETERS } from "./libpq_parameters.ts";
import { maskedTarget } from "./masked_target.ts";
import { passwordLine } from "./password_file.ts";
import type { PinnedTarget } from "./target.ts";

/** Section of the service file. */
const SERVICE = "pgstrata";

/**
 * Variables that make every program built on libpq (13 to 18) connect to the same server in the same way as our driver.
 * The password goes through a pass file (0600) in `folder`, never through a variable or an argument; parameters that have
 * no variable (keepalives, the client key's password) through a service file there.
 *
 * @param folder a private folder that lives as long as the programs do; see `TempFolder`
 * @throws {ConnectionError} when the password holds a line break, which a pass file cannot carry
 */
export async function toolEnvironment(target: PinnedTarget, folder: string): Promise<Record<string, string>> {
  const passfile = join(folder, "pgpass");
  await writePrivate(passfile, passText(target));
  const env: Record<string, string | undefined> = {
    PGHOST: target.host,
    PGHOSTADDR: target.hostaddr,
    PGPORT: String(target.port),
    PGUSER: target.user,
    PGDATABASE: target.database,
    PGPASSFILE: passfile,
    PGSSLMODE: target.sslmode,
    PGSSLROOTCERT: target.sslrootcert,
    PGSSLCERT: target.sslcert,
    PGSSLKEY: target.sslkey,
    // The driver has no GSS encryption; and libpq up to 15 breaks on poolers' answers to the question for it.
    PGGSSENCMODE: target.gssencmode ?? "disable",
    PGCHANNELBINDING: target.channelBinding,
    PGCONNECT_TIMEOUT: target.connectTimeout === undefined ? undefined : String(target.connectTimeout),
    PGOPTIONS: target.options,
    PGAPPNAME: "pgstrata",
  };
  const withoutVariable: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.parameters ?? {})) {
    const variable = LIBPQ_PARAMETERS[name];
    if (variable) env[variable] = value;
    else withoutVariable[name] = value;
  }
  if (target.sslpassword !== undefined) withoutVariable.sslpassword = target.sslpassword.reveal();
  if (Object.keys(withoutVariable).length > 0) {
    env.PGSERVICE = SERVICE;
    env.PGSERVICEFILE = join(folder, "pg_service.conf");
    const lines = Object.entries(withoutVariable).map(([name, value]) => `${name}=${value}\n`);
    await writePrivate(env.PGSERVICEFILE, `[${SERVICE}]\n${lines.join("")}`);
  }
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** One line for whatever database the programs go to (pg_dumpall goes to several); empty without a password. */
function passText(target: PinnedTarget): string {
  const password = target.password?.reveal();
  if (password === undefined) return "";
  if (/[\r\n\0]/.test(password)) {
    throw new ConnectionError(
      `Cannot connect to ${maskedTarget(target)}: the password holds a line break`,
      "permanent",
      {
        hint:
          "PostgreSQL's password file cannot carry one: remove it (is there a stray one at the end?) or change the password.",
      },
    );
  }
  return passwordLine("*", "*", "*", "*", password);
}

async function writePrivate(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { mode: FILE_MODE });
  // `mode` counts only for a new file.
  await Deno.chmod(path, FILE_MODE);
}
