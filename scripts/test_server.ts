/**
 * PostgreSQL servers for tests: one per version and test file, started at its first use, gone with the
 * process. Databases are copies of fixtures that were loaded once.
 *
 *     const server = await testServer(15); // at the top of a test file, outside of the tests
 *     Deno.test("...", async () => {
 *       const database = await server.createDatabase("sample");
 *       // database.url
 *     });
 */
import { join } from "@std/path";
import { quoteIdentifier, quoteLiteral } from "../lib/base/mod.ts";
import { type ClusterOptions, DisposableCluster, type ToolSet } from "../lib/postgres/mod.ts";
import { cacheFolder, ensureToolSet } from "./postgres_versions.ts";
import { fixturePath, PREPARED, preparedCluster, preparedDatabase } from "./prepared_cluster.ts";
import { withTestExtension } from "./test_extension.ts";

/** Fixtures by name; `empty` is a database with nothing in it. */
export type FixtureName = "empty" | "sample" | "torture";

/** A fixture of this project, a file, or SQL. */
export type Fixture = FixtureName | { readonly file: string } | { readonly sql: string };

/** A database made for one test. */
export interface TestDatabase {
  readonly name: string;
  /** Through the server's socket. */
  readonly url: string;
  /** Runs SQL in it; see {@linkcode DisposableCluster.psql}. */
  psql(sql: string): Promise<string>;
  /** Drops it, whoever is connected. Not needed: it goes with the server. */
  drop(): Promise<void>;
}

/** What a test server may want besides the defaults. */
export type TestServerOptions = Omit<ClusterOptions, "tools">;

/** Versions all tests run on where nothing is said: those of the issue, in CI. */
const ALL_MAJORS = [13, 15, 17, 18];

/** Major versions to test on: 15, or all with `CI=true` or `PGSTRATA_TEST_ALL=1`. */
export function testedMajors(): readonly number[] {
  return Deno.env.get("CI") === "true" || Deno.env.get("PGSTRATA_TEST_ALL") === "1" ? ALL_MAJORS : [15];
}

const servers = new Map<string, Promise<TestServer>>();

/**
 * The server of a version, started if it does not run yet. With other options, another server.
 *
 * @throws {PgstrataError} code `tool` when the version is not here and cannot be installed: no test
 * is left out silently.
 */
export function testServer(major = 15, options: TestServerOptions = {}): Promise<TestServer> {
  const key = JSON.stringify([major, options]);
  const running = servers.get(key) ?? TestServer.start(major, options);
  servers.set(key, running);
  return running;
}

/** A running server that makes databases. */
export class TestServer {
  readonly #templates = new Map<string, Promise<string>>();
  #count = 0;

  private constructor(
    readonly major: number,
    readonly tools: ToolSet,
    readonly cluster: DisposableCluster,
    hasFixtures: boolean,
  ) {
    for (const name of hasFixtures ? PREPARED : []) {
      this.#templates.set(templateKey(name, {}), Promise.resolve(preparedDatabase(name)));
    }
  }

  /** Starts one; {@linkcode testServer} shares them. */
  static async start(major: number, options: TestServerOptions): Promise<TestServer> {
    const plain = await ensureToolSet(major);
    const tools = await withTestExtension(plain, join(cacheFolder(), `${plain.version}-with-test-extension`));
    const isPlain = Object.keys(options).every((name) => name === "settings");
    const hasFixtures = isPlain && options.settings === undefined;
    const template = isPlain ? { template: await preparedCluster(tools, hasFixtures) } : {};
    const cluster = await DisposableCluster.start({ ...options, ...template, tools });
    // The server also ends when the process is killed: it is told by the system.
    addEventListener("unload", () => cluster.disposeSync());
    return new TestServer(major, tools, cluster, hasFixtures);
  }

  /** A new database: a copy of the fixture, which is loaded once per server. */
  async createDatabase(
    fixture: Fixture = "empty",
    variables: Readonly<Record<string, string>> = {},
  ): Promise<TestDatabase> {
    const name = `test_${++this.#count}`;
    const template = await this.#template(fixture, variables);
    await this.cluster.psql(
      `\\set source ${quoteLiteral(template)}\n\\set target ${quoteLiteral(name)}\n\\set options '${
        this.major < 15 ? "" : "STRATEGY file_copy"
      }'\n${COPY_DATABASE}`,
    );
    const psql = (sql: string) => this.cluster.psql(sql, { database: name });
    const drop = async () => {
      await this.cluster.psql(`DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE)`);
    };
    return { name, url: this.cluster.url(name), psql, drop };
  }

  #template(fixture: Fixture, variables: Readonly<Record<string, string>>): Promise<string> {
    if (fixture === "empty") return Promise.resolve("template0");
    const key = templateKey(fixture, variables);
    const template = this.#templates.get(key) ?? this.#load(fixture, variables);
    this.#templates.set(key, template);
    return template;
  }

  async #load(fixture: Exclude<Fixture, "empty">, variables: Readonly<Record<string, string>>): Promise<string> {
    const name = `fixture_${this.#templates.size + 1}`;
    await this.cluster.psql(`CREATE DATABASE ${name} TEMPLATE template0`);
    const script = typeof fixture === "string" ? { file: fixturePath(fixture) } : fixture;
    await this.cluster.psql("sql" in script ? script.sql : script, { database: name, variables });
    return name;
  }
}

function templateKey(fixture: Fixture, variables: Readonly<Record<string, string>>): string {
  return JSON.stringify([fixture, variables]);
}

/** Comment, settings and privileges belong to the cluster: a template does not hand them on. */
const COPY_DATABASE = `
CREATE DATABASE :"target" TEMPLATE :"source" :options;
SELECT format('COMMENT ON DATABASE %I IS %L', :'target', shobj_description(oid, 'pg_database'))
FROM pg_database WHERE datname = :'source' AND NOT datistemplate \\gexec
INSERT INTO pg_db_role_setting
SELECT t.oid, s.setrole, s.setconfig FROM pg_db_role_setting AS s
JOIN pg_database AS f ON f.oid = s.setdatabase AND f.datname = :'source'
JOIN pg_database AS t ON t.datname = :'target';
UPDATE pg_database AS t SET datacl = f.datacl FROM pg_database AS f
WHERE f.datname = :'source' AND NOT f.datistemplate AND t.datname = :'target';
`;
