import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { basename, join } from "@std/path";
import { TempFolder } from "../../lib/system/mod.ts";
import { ensureAge } from "../../scripts/debian_cache.ts";
import { type S3Server, startS3Server } from "../../scripts/s3_server.ts";
import { type TestServer, testServer } from "../../scripts/test_server.ts";
import { Receiver } from "../notice/receiver.ts";
import { plainClient } from "../storage/s3_fixture.ts";
import { mainArguments, passedOn, ROOT } from "../tasks/run_main.ts";

/** Version of Deno that the pages name. */
export const DENO_VERSION = "2.9.6";

/** What one page is given; it goes with the page. */
export interface PageSetting extends AsyncDisposable {
  /** A clone of the project. */
  readonly cwd: string;
  /** Variables of the page's shell. */
  readonly env: Record<string, string>;
  /** Takes pings and webhooks. */
  readonly notices: Receiver;
  /** Null where the page needs none. */
  readonly s3: S3Server | null;
}

const SUPABASE = `${ROOT}scripts/fixtures/supabase_target.sql`;

/** Privileges of every Supabase project that the sample lacks; without, a new project would be the more open one. */
const PLATFORM_PRIVILEGES = `
GRANT USAGE ON SCHEMA public TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON TABLES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON SEQUENCES TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT ALL ON FUNCTIONS TO postgres;
ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public
  GRANT ALL ON TABLES TO postgres, anon, authenticated, service_role;`;

/** Notes what there is before any page, besides what templates and fixtures are. */
const KEEP = `CREATE TABLE IF NOT EXISTS kept_roles AS SELECT rolname FROM pg_roles;`;

/** Removes databases and roles that pages made. */
const FORGET_PAGES = `
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE NOT datistemplate AND datname <> 'postgres' AND datname !~ '^(test_|fixture_)|_template$' \\gexec
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname NOT IN (SELECT rolname FROM kept_roles) \\gexec
`;

/** What a clone of the project has; the rest, such as `backups/`, comes from using it. */
const CLONE = ["deno.json", "deno.lock", "mod.ts", "lib", "tasks", "scripts", "docs", ".gitignore", ".env.example"];

/** Programs that a machine with Deno and pgstrata has. */
const PROGRAMS = (arguments_: readonly string[]) => ({
  pgstrata: `exec ${Deno.execPath()} ${arguments_.map((one) => `'${one}'`).join(" ")} "$@"`,
  npx: `[ "$1" = deno@${DENO_VERSION} ] && shift && exec ${Deno.execPath()} "$@"`,
});

/**
 * A machine as the pages have it in mind: a clone of the project as the working folder, `pgstrata` and `npx` in PATH,
 * `.env` with two databases, `shop` and `shop_staging`, a shelf with a backup of each; a second, empty server.
 *
 * For the tests of one file; pages are put on it one after the other.
 */
export class Stage {
  private constructor(
    readonly folder: TempFolder,
    readonly server: TestServer,
    readonly empty: TestServer,
    readonly platform: TestServer,
    readonly path: string,
    /** Time in the names of the backups' folders. */
    readonly stamp: string,
  ) {}

  static async start(): Promise<Stage> {
    const folder = await TempFolder.create({ prefix: "pgstrata-docs-" });
    addEventListener("unload", () => Deno.removeSync(folder.path, { recursive: true }));
    const server = await testServer();
    await Deno.mkdir(join(folder.path, "bin"));
    for (const [name, line] of Object.entries(PROGRAMS(mainArguments([])))) {
      await Deno.writeTextFile(join(folder.path, "bin", name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    }
    const age = await ensureAge();
    const path = [join(folder.path, "bin"), server.tools.folder, Deno.env.get("PATH"), age].join(":");
    const database = await server.createDatabase("sample");
    await database.psql(PLATFORM_PRIVILEGES);
    let stamp = "";
    for (const [environment, name] of [["staging", "shop_staging"], ["prod", "shop"]] as const) {
      await server.cluster.psql(`CREATE DATABASE ${name} TEMPLATE ${database.name}`);
      const output = await run(join(folder.path, "bin/pgstrata"), ["backup", environment, "--quiet"], {
        cwd: folder.path,
        env: { ...passedOn(), PATH: path, [`DATABASE_URL_${environment.toUpperCase()}`]: server.cluster.url(name) },
      });
      stamp = basename(output.trim()).slice(0, 15);
      await server.cluster.psql(`ALTER DATABASE ${name} RENAME TO ${name}_template`);
    }
    const empty = await testServer(15, { settings: { cluster_name: "new" } });
    for (const { cluster } of [server, empty]) await cluster.psql(KEEP);
    return new Stage(
      folder,
      server,
      empty,
      await testServer(15, { superuser: "supabase_admin" }),
      path,
      stamp,
    );
  }

  /** Puts everything as a page expects it: a working folder of its own, the databases as they were. */
  async set(needs: { readonly s3: boolean; readonly supabase: boolean }): Promise<PageSetting> {
    await using setting = new AsyncDisposableStack();
    const { server, empty } = this;
    for (const { cluster } of [server, empty]) await cluster.psql(FORGET_PAGES);
    for (const name of ["shop", "shop_staging"]) {
      await server.cluster.psql(`CREATE DATABASE ${name} TEMPLATE ${name}_template`);
    }
    const cwd = await Deno.makeTempDir({ dir: this.folder.path, prefix: "clone-" });
    for (const name of CLONE) {
      const isFile = (await Deno.stat(ROOT + name)).isFile;
      if (isFile) await Deno.copyFile(ROOT + name, join(cwd, name));
      else await Deno.symlink(ROOT + name, join(cwd, name));
    }
    const home = join(cwd, ".home");
    await Deno.mkdir(home, { mode: 0o700 });
    await run("cp", ["-r", "--preserve=all", join(this.folder.path, "backups"), join(cwd, "backups")]);
    await run("git", ["init", "--quiet", cwd]);
    const urls = {
      DATABASE_URL_PROD: server.cluster.url("shop"),
      DATABASE_URL_STAGING: server.cluster.url("shop_staging"),
    };
    const lines = Object.entries(urls).map(([name, url]) => `${name}="${url}"\n`);
    await Deno.writeTextFile(join(cwd, ".env"), lines.join(""), { mode: 0o600 });
    await empty.cluster.psql("CREATE DATABASE target TEMPLATE template0");
    const s3 = needs.s3 ? setting.use(await s3Server()) : null;
    const notices = setting.use(new Receiver());
    const ready = setting.move();
    return {
      cwd,
      notices,
      s3,
      [Symbol.asyncDispose]: () => ready.disposeAsync(),
      env: {
        ...passedOn(),
        ...s3 === null ? {} : { ...s3.admin, AWS_ENDPOINT_URL: s3.endpoint, AWS_REGION: "us-east-1" },
        PATH: this.path,
        HOME: home,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache/deno"),
        DENO_NO_UPDATE_CHECK: "1",
        NO_COLOR: "1",
        COLUMNS: "120",
        PRACTICE_URL: empty.cluster.url("practice"),
        NEW_DATABASE_URL: empty.cluster.url("shop"),
        TARGET_URL: empty.cluster.url("target"),
        ...needs.supabase ? { SUPABASE_URL: await newProject(this.platform) } : {},
      },
    };
  }
}

/** A fresh Supabase project, as far as there is one without Supabase, for the role that users have. */
async function newProject(platform: TestServer): Promise<string> {
  const { name } = await platform.createDatabase({ file: SUPABASE });
  const psql = (sql: string) => platform.cluster.psql(sql, { database: "template1" });
  await psql("DROP DATABASE postgres WITH (FORCE)");
  await psql(`ALTER DATABASE ${name} RENAME TO postgres`);
  await psql("ALTER DATABASE postgres OWNER TO postgres");
  return platform.cluster.url("postgres").replace("supabase_admin@", "postgres@");
}

async function s3Server(): Promise<S3Server> {
  // The one that knows storage classes.
  const server = await startS3Server("moto");
  const client = plainClient(server);
  for (const Bucket of ["acme-backups", "backups"]) await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
  return server;
}

async function run(program: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { ...options, args: [...args] }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
