import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { freePort } from "../../lib/postgres/server_tcp.ts";
import { processText, removeTree } from "../../lib/system/mod.ts";
import type { PinnedTarget } from "../../lib/connection/mod.ts";

const BIN = Deno.env.get("PGSTRATA_TEST_PG_BIN") ?? "/usr/lib/postgresql/15/bin";

/** The superuser of a test server. */
export const SUPERUSER = "admin";

/** Its password: every character that pass files, URLs and keyword strings treat specially. */
export const PASSWORD = "p:a\\s's w%o@r/d#ü?&=\"*";

const HBA = `
local   all all              scram-sha-256
hostssl   all tls_only   all scram-sha-256
hostnossl all plain_only all scram-sha-256
hostssl   all by_cert    all cert
host all tls_only all reject
host all plain_only all reject
host all by_cert all reject
host all md5_user all md5
host all all all scram-sha-256
`;

/** A PostgreSQL server of its own, on a free port of 127.0.0.1 and a socket, with TLS, stopped and removed at the end. */
export class TestServer implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly owner: { uid?: number; gid?: number },
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}, attempt = 1): Promise<TestServer> {
    const folder = await serverFolder("pgstrata-server-");
    const owner: { uid?: number; gid?: number } = Deno.uid() === 0 ? await postgresUser() : {};
    const server = new TestServer(folder, freePort(), owner);
    try {
      await makeCertificates(folder);
      await Deno.writeTextFile(join(folder, "password"), PASSWORD + "\n");
      await Deno.chmod(folder, 0o700);
      if (owner.uid !== undefined) {
        await processText({ program: "chown", args: ["-R", `${owner.uid}:${owner.gid}`, folder] });
      }
      await server.#run("initdb", [
        "-D",
        server.data,
        "-U",
        SUPERUSER,
        "--pwfile",
        join(folder, "password"),
        "-A",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
      ]);
      await Deno.writeTextFile(join(server.data, "pg_hba.conf"), HBA);
      await Deno.writeTextFile(
        join(server.data, "postgresql.auto.conf"),
        Object.entries({
          port: String(server.port),
          listen_addresses: "127.0.0.1",
          unix_socket_directories: folder,
          fsync: "off",
          ssl: "on",
          ssl_cert_file: join(folder, "server.crt"),
          ssl_key_file: join(folder, "server.key"),
          ssl_ca_file: join(folder, "ca.crt"),
          deadlock_timeout: "1s",
          ...settings,
        }).map(([name, value]) => `${name} = '${value}'\n`).join(""),
      );
      await server.startAgain();
    } catch (error) {
      const log = await server.log().catch(() => "");
      await server[Symbol.asyncDispose]();
      // Somebody took the port between choice and start.
      if (attempt < 5 && log.includes("could not bind")) return await TestServer.start(settings, attempt + 1);
      throw error;
    }
    return server;
  }

  get data(): string {
    return join(this.folder, "data");
  }

  get ca(): string {
    return join(this.folder, "ca.crt");
  }

  /** A target at the server's TCP port; `change` overrides. */
  target(change: Partial<PinnedTarget> = {}): PinnedTarget {
    const place = { host: "127.0.0.1", port: this.port };
    return {
      environment: "test",
      source: "the test",
      hosts: [place],
      ...place,
      hostaddr: "127.0.0.1",
      user: SUPERUSER,
      password: new Secret(PASSWORD),
      database: "postgres",
      sslmode: "disable",
      kind: "local",
      ...change,
    };
  }

  async startAgain(): Promise<void> {
    await this.#run("pg_ctl", ["-D", this.data, "-l", join(this.folder, "log"), "-w", "-s", "start"]);
  }

  async stop(mode: "fast" | "immediate" = "immediate"): Promise<void> {
    await this.#run("pg_ctl", ["-D", this.data, "-m", mode, "-w", "-s", "stop"]);
  }

  async log(): Promise<string> {
    return await Deno.readTextFile(join(this.folder, "log"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
    await removeTree(this.folder);
  }

  async #run(program: string, args: string[]): Promise<void> {
    await processText({ program: join(BIN, program), args, cwd: "/", ...this.owner });
  }
}

/** A folder for a server; its socket is in it, whose path may have 107 bytes only, wherever files go here. */
export async function serverFolder(prefix: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix });
  if (join(folder, ".s.PGSQL.65535.lock").length <= 100) return folder;
  await Deno.remove(folder);
  return await Deno.makeTempDir({ prefix, dir: "/tmp" });
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string) => Number(await processText({ program: "id", args: [flag, "postgres"] }));
  return { uid: await id("-u"), gid: await id("-g") };
}

/** A port nobody listens on, now or later: a service of old that no system has any more. */
export const NOBODYS_PORT = 1;

/** An authority, a server certificate for `db.test` and 127.0.0.1, a client certificate for `by_cert`, a stranger. */
async function makeCertificates(folder: string): Promise<void> {
  const script = `set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=test-authority -days 10
openssl req -x509 -newkey rsa:2048 -nodes -keyout stranger.key -out stranger.crt -subj /CN=stranger -days 10
for name in server:db.test client:by_cert; do
  file=\${name%%:*}
  openssl req -newkey rsa:2048 -nodes -keyout $file.key -out $file.csr -subj /CN=\${name##*:}
  printf 'subjectAltName=DNS:%s,IP:127.0.0.1' \${name##*:} > ext
  openssl x509 -req -in $file.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $file.crt -days 10 -extfile ext
done
cp client.key own_client.key
chmod 600 *.key`;
  await processText({ program: "bash", args: ["-c", script], cwd: folder });
}

/** Polls until `check` gives something, or fails at a deadline. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false | null>,
  deadline = 120_000,
): Promise<T> {
  const end = performance.now() + deadline;
  while (true) {
    const found = await check();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what} did not come about within ${deadline} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
