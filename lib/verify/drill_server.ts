import { join } from "@std/path";
import { quoteIdentifier, quoteLiteral } from "../base/mod.ts";
import { type Manifest, ROOT_FILES } from "../catalog/mod.ts";
import {
  dropRestoredDatabase,
  openSession,
  parseConnectionString,
  pinTarget,
  QueryError,
  type Session,
  type Target,
} from "../connection/mod.ts";
import { chooseToolSet, DisposableCluster, findToolSets, type ToolSet } from "../postgres/mod.ts";
import { applyRoles, type RolesOutcome, superusersOf } from "./apply_roles.ts";
import { localeText } from "./description.ts";

/** Databases that a new cluster has already. */
const INITIAL_DATABASES: ReadonlySet<string> = new Set(["postgres", "template1", "template0"]);

/** What a drill's server is made of. */
export interface DrillServerOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Major version that the server should have; the next newer one is taken where it is not installed. */
  readonly major: number;
}

/** A disposable server with the backup's roles, and one database that the backup can be restored into. */
export class DrillServer implements AsyncDisposable {
  private constructor(
    private readonly cluster: DisposableCluster,
    readonly tools: ToolSet,
    /** Why the server is not of the version wanted; null if it is. */
    readonly warning: string | null,
    readonly roles: RolesOutcome,
  ) {}

  /**
   * Starts one.
   *
   * @throws {PgstrataError} code `tool` when no server of that version or a newer one is installed
   */
  static async start(folder: string, manifest: Manifest, options: DrillServerOptions): Promise<DrillServer> {
    const found = await findToolSets({ env: options.env, need: ["postgres", "initdb", "pg_dump", "pg_restore"] });
    const { tools, warning } = chooseToolSet(found, options.major, "server");
    const script = await rolesScript(folder, manifest);
    const superusers = superusersOf(script);
    const superuser = superusers.includes("postgres") ? "postgres" : superusers[0] ?? "postgres";
    const parent = options.env["TMPDIR"] ?? "";
    const cluster = await DisposableCluster.start({ tools, superuser, ...parent === "" ? {} : { parent } });
    try {
      options.signal.throwIfAborted();
      await using session = await openSession(await pinTarget(targetOf(cluster, "postgres")), {
        signal: options.signal,
      });
      const roles = await applyRoles(session, script);
      return new DrillServer(cluster, tools, warning ?? null, roles);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connection to a database of the server. */
  target(database: string): Target {
    return targetOf(this.cluster, database);
  }

  /** URL of a database of the server, through its private socket. */
  url(database: string): string {
    return this.cluster.url(database);
  }

  /** Extensions that can be created here. */
  async availableExtensions(): Promise<ReadonlySet<string>> {
    await using session = await this.#session("template1");
    const rows = await session.query<{ name: string }>("SELECT name FROM pg_catalog.pg_available_extensions");
    return new Set(rows.map(({ name }) => name));
  }

  /**
   * Makes an empty database with the source's name, encoding, locale and provider; one that a new cluster has is
   * replaced. Where this machine does not have the locale, another one is taken.
   *
   * @returns why it is not as the source's; null if it is
   */
  async createDatabase(name: string, { server }: Manifest): Promise<string | null> {
    // template1 cannot be dropped while somebody is connected to it: another way in is needed for it alone.
    await using session = await this.#session(name === "template1" ? "postgres" : "template1");
    if (INITIAL_DATABASES.has(name)) {
      if (name === "template1") await session.execute("ALTER DATABASE template1 IS_TEMPLATE false");
      await session.execute(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
    }
    const create = `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 ENCODING ${
      quoteLiteral(server.encoding)
    }`;
    const locale = localeOptions(server, session.serverMajor);
    try {
      await session.execute(`${create} ${locale}`);
      return null;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      await session.execute(`${create} LC_COLLATE 'C' LC_CTYPE 'C'`);
      return `the locale ${localeText(server)} is not on this machine (${error.serverMessage}): C was used instead`;
    }
  }

  async dropDatabase(name: string): Promise<void> {
    await using session = await this.#session("template1");
    await dropRestoredDatabase(session, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  async #session(database: string): Promise<Session> {
    return await openSession(await pinTarget(this.target(database)));
  }
}

function targetOf(cluster: DisposableCluster, database: string): Target {
  return parseConnectionString(cluster.url(database), {
    environment: "drill",
    source: "the disposable server",
    env: {},
  });
}

/** Text of `roles.sql`; empty where the backup has none. */
export async function rolesScript(folder: string, manifest: Manifest): Promise<string> {
  if (!manifest.files.some(({ path }) => path === ROOT_FILES.roles)) return "";
  return await Deno.readTextFile(join(folder, ROOT_FILES.roles));
}

function localeOptions(server: Manifest["server"], major: number): string {
  const libc = `LC_COLLATE ${quoteLiteral(server.collate)} LC_CTYPE ${quoteLiteral(server.ctype)}`;
  if (server.localeProvider === "libc" || server.locale === null) {
    return major >= 15 ? `${libc} LOCALE_PROVIDER libc` : libc;
  }
  const name = server.localeProvider === "builtin" ? "BUILTIN_LOCALE" : "ICU_LOCALE";
  return `${libc} LOCALE_PROVIDER ${server.localeProvider} ${name} ${quoteLiteral(server.locale)}`;
}
