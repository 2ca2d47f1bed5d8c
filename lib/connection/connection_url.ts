import { PgstrataError } from "../base/mod.ts";

const ENCODE_HINT =
  "Percent-encode the password in a URL: @ is %40, : is %3A, / is %2F, # is %23, ? is %3F, % is %25; " +
  "or leave it out of the URL and set PGPASSWORD or a ~/.pgpass line.";

/** Whether text is a connection URL rather than keywords. */
export function isConnectionUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/**
 * Reads a connection URL as libpq does (`conninfo_uri_parse`): several hosts, `[IPv6]`, percent-encoded
 * parts, socket folders as `%2Fvar%2Frun` or `?host=/var/run`, and parameters after `?`.
 * What would be misread because the password is not encoded is an error that says so.
 *
 * @returns libpq parameters by name; `host` and `port` are comma-separated lists
 * @throws {PgstrataError} code `usage`; the message never shows the URL.
 */
export function parseConnectionUrl(text: string, source: string): Record<string, string> {
  const rest = text.slice(text.indexOf("://") + 3);
  const parameters: Record<string, string> = {};
  const wrong = (state: string, hint = ENCODE_HINT) =>
    new PgstrataError(`Cannot read ${source}: ${state}`, { code: "usage", hint });
  const decode = (part: string, what: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw wrong(`the ${what} in the URL has a "%" that is not followed by two hexadecimal digits`);
    }
  };

  // libpq looks for "@" up to the first "/"; a later "@" means that the password holds a raw "/".
  const credentialsEnd = /^[^@/]*@/.exec(rest)?.[0].length ?? 0;
  const credentials = rest.slice(0, Math.max(0, credentialsEnd - 1));
  const located = rest.slice(credentialsEnd);
  const [authority = ""] = /^[^/?]*/.exec(located) ?? [];
  if (authority.includes("@")) throw wrong('the user or password in the URL holds an unencoded "@"');
  const beyond = located.slice(authority.length).split("?", 1)[0] ?? "";
  if (credentialsEnd === 0 && authority.includes(":") && beyond.includes("@")) {
    throw wrong('the password in the URL holds an unencoded "/"');
  }
  // A raw "@" and a raw "/" or "?" in one password: its end would be taken for database and parameters, and be shown.
  const names = located.slice(authority.length).split("&").map((part) => part.split("=", 1)[0] ?? "");
  if (credentialsEnd > 0 && names.some((name) => name.includes("@"))) {
    throw wrong('the password in the URL holds an unencoded "@" (in the name of a database, too, write %40)');
  }
  if (authority.includes("#")) throw wrong('the password in the URL holds an unencoded "#"');
  if (credentialsEnd > 0) {
    const colon = credentials.indexOf(":");
    const user = colon === -1 ? credentials : credentials.slice(0, colon);
    if (user !== "") parameters.user = decode(user, "user");
    if (colon !== -1 && colon + 1 < credentials.length) {
      parameters.password = decode(credentials.slice(colon + 1), "password");
    }
  }

  const hosts: string[] = [];
  const ports: string[] = [];
  for (const place of authority.split(",")) {
    const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(place);
    const port = match?.[2] ?? "";
    if (match === null || !/^\d*$/.test(port)) {
      // A raw "?" ends the authority after the user, so that the password looks like a port.
      throw wrong("the port in the URL is not a number", /[@?]/.test(rest) ? ENCODE_HINT : "Write host:5432.");
    }
    hosts.push(decode((match[1] ?? "").replace(/^\[|\]$/g, ""), "host"));
    ports.push(port);
  }
  if (hosts.some((host) => host !== "")) parameters.host = hosts.join(",");
  if (ports.some((port) => port !== "")) parameters.port = ports.join(",");

  const database = decode(beyond.replace(/^\//, ""), "database name");
  if (database !== "") parameters.dbname = database;

  const question = located.indexOf("?");
  for (const pair of question === -1 ? [] : located.slice(question + 1).split("&").filter((part) => part !== "")) {
    const [name = "", ...value] = pair.split("=");
    if (value.length !== 1) throw wrong(`the URL parameter "${name}" must have exactly one "="`);
    const decoded = decode(value[0] ?? "", `parameter "${name}"`);
    // libpq takes JDBC's ssl=true.
    if (name === "ssl" && decoded === "true") parameters.sslmode = "require";
    else parameters[decode(name, "parameter name")] = decoded;
  }
  return parameters;
}
