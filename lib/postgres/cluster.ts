import { tmpdir } from "node:os";
import { causeMessages, PgstrataError, Secret } from "../base/mod.ts";
import { processText, removeTree } from "../system/mod.ts";
import { ClusterFolder } from "./cluster_folder.ts";
import { addSettings, FAST_SETTINGS, initCluster, type InitOptions, SUPERUSER } from "./init_cluster.ts";
import { ServerProcess, type StopMode } from "./server_process.ts";
import { type ServerUser, serverUser } from "./server_user.ts";
import { type ChosenTcp, freePort, openTcp, type TcpOptions, writeTls } from "./server_tcp.ts";
import type { ToolSet } from "./tool_set.ts";

export type { InitOptions, StopMode, TcpOptions };
export { sweepClusters } from "./cluster_folder.ts";

/** What a disposable cluster is made of. */
export interface ClusterOptions extends InitOptions {
  /** A set with `postgres` and `initdb`. */
  readonly tools: ToolSet;
  /** Settings of postgresql.conf that win over the fast ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Listens on 127.0.0.1 too; `true` means with a password made up. Default: the private socket only. */
  readonly tcp?: boolean | TcpOptions;
  /**
   * Folder the cluster's own folder is made in; default the system's for temporary files. As root the
   * server runs as another user: that user must be able to pass through the folder.
   */
  readonly parent?: string;
  /**
   * Data folder of a cluster that was stopped in order, of the same version, to be copied instead of running `initdb`.
   * What `initdb` would be told, a password among it, is then as it is there.
   */
  readonly template?: string;
}

/** Ports that are tried, where any would do and others take them between choice and start. */
const MOST_PORTS = 5;

/**
 * A PostgreSQL server in a private folder that goes without a trace: with its scope, with our
 * process (also by SIGKILL), or at the latest when the next one is started.
 *
 * @example
 * ```ts ignore
 * await using cluster = await DisposableCluster.start({ tools });
 * await cluster.psql("CREATE DATABASE app");
 * console.log(cluster.url("app"));
 * ```
 */
export class DisposableCluster implements AsyncDisposable {
  readonly #log: string[] = [];
  #process: ServerProcess | undefined;
  #port: number;

  private constructor(
    readonly tools: ToolSet,
    readonly superuser: string,
    private readonly folder: ClusterFolder,
    private readonly user: ServerUser | null,
    port: number,
    /** Password for TCP; null when the server has its socket only. */
    readonly password: Secret | null,
  ) {
    this.#port = port;
  }

  /**
   * Initialises and starts a server.
   *
   * @throws {PgstrataError} with the end of the server's log
   */
  static async start(options: ClusterOptions): Promise<DisposableCluster> {
    const tcp = openTcp(options.tcp ?? false);
    return await DisposableCluster.#create(options, tcp, async (cluster) => {
      const { tools, user, dataFolder } = cluster;
      if (options.template === undefined) {
        await initCluster(tools, dataFolder, user, options, tcp?.password ?? null);
      } else await cluster.#copy(options.template);
      await cluster.#configure({ ...FAST_SETTINGS, ...options.settings });
    });
  }

  /**
   * Starts a hot standby that follows `primary` by streaming. The primary must have been started with
   * the settings `wal_level=replica` and `max_wal_senders` of 2 or more. With `tcp` it takes the primary's password.
   */
  static async startStandby(
    primary: DisposableCluster,
    options: Pick<ClusterOptions, "settings" | "parent"> & { readonly tcp?: boolean } = {},
  ): Promise<DisposableCluster> {
    const tcp = options.tcp === true ? openTcp({ password: primary.password ?? new Secret("") }) : null;
    const create = { ...options, tools: primary.tools, superuser: primary.superuser };
    return await DisposableCluster.#create(create, tcp, async (cluster) => {
      await processText({
        program: primary.tools.program("pg_basebackup"),
        args: [
          ...["--pgdata", cluster.dataFolder, "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"],
          ...["--no-sync", `--dbname=${primary.url("postgres")}`],
        ],
        cwd: "/",
        ...cluster.#identity(),
      });
      await cluster.#configure({ hot_standby: "on", ...options.settings });
    });
  }

  static async #create(
    options: ClusterOptions,
    tcp: ChosenTcp | null,
    fill: (cluster: DisposableCluster) => Promise<void>,
  ): Promise<DisposableCluster> {
    const user = serverUser();
    const folder = await ClusterFolder.create(options.parent ?? tmpdir(), user);
    const superuser = options.superuser ?? SUPERUSER;
    const cluster = new DisposableCluster(
      options.tools,
      superuser,
      folder,
      user,
      tcp?.port ?? 5432,
      tcp?.password ?? null,
    );
    try {
      await fill(cluster);
      if (tcp?.tls !== undefined) await cluster.#configure(await writeTls(cluster.dataFolder, user, tcp.tls));
      await cluster.#begin(tcp?.anyPort ?? false);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Port, also part of the socket's name. */
  get port(): number {
    return this.#port;
  }

  /** Folder of the server's data. */
  get dataFolder(): string {
    return this.folder.dataFolder;
  }

  /** Folder of the Unix socket: the `host` of a connection. */
  get socketFolder(): string {
    return this.folder.socketFolder;
  }

  /** Whether the server process is there. */
  get running(): boolean {
    return this.#process !== undefined && !this.#process.ended;
  }

  /** URL of a database, through the socket unless `via` says TCP (then with the password). */
  url(database: string = SUPERUSER, via: "socket" | "tcp" = "socket"): string {
    const name = encodeURIComponent(this.superuser);
    const path = encodeURIComponent(database);
    if (via === "socket") {
      return `postgresql://${name}@/${path}?host=${encodeURIComponent(this.socketFolder)}&port=${this.port}`;
    }
    if (this.password === null) throw new PgstrataError("Cannot give a TCP URL: the server listens on its socket only");
    return `postgresql://${name}:${encodeURIComponent(this.password.reveal())}@127.0.0.1:${this.port}/${path}`;
  }

  /** Variables that let libpq programs reach a database. */
  env(database: string = SUPERUSER): Record<string, string> {
    return { PGHOST: this.socketFolder, PGPORT: `${this.port}`, PGUSER: this.superuser, PGDATABASE: database };
  }

  /**
   * Runs SQL or a file with `psql`, stopping at the first error.
   *
   * @returns what it printed: rows without header, columns separated by `|`
   */
  async psql(
    sql: string | { readonly file: string },
    options: { readonly database?: string; readonly variables?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const variables = Object.entries({ ON_ERROR_STOP: "1", ...options.variables });
    const text = await processText({
      program: this.tools.program("psql"),
      args: [
        "--no-psqlrc",
        "-qAt",
        ...variables.map(([name, value]) => `--set=${name}=${value}`),
        ...(typeof sql === "string" ? ["--file=-"] : ["--file", sql.file]),
      ],
      env: this.env(options.database),
      ...(typeof sql === "string" ? { stdin: sql } : {}),
    });
    return text.replace(/\n$/, "");
  }

  /** The server's log, newest lines last. */
  log(): string {
    return this.#log.join("\n");
  }

  /** Stops the server; {@linkcode resume} starts it again. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    await this.#process?.stop(mode);
  }

  /** Starts a stopped or killed server again. */
  async resume(): Promise<void> {
    if (this.running) return;
    // A killed one leaves its file, with the state it had.
    await removeTree(`${this.dataFolder}/postmaster.pid`);
    this.#process = new ServerProcess(this.tools, this.dataFolder, this.user, this.#log);
    await this.#process.ready();
  }

  /** Stops (fast) and starts, with more settings if given. */
  async restart(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.stop();
    await addSettings(this.dataFolder, settings);
    await this.resume();
  }

  /** Kills the postmaster, as a crash would. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** As leaving the scope does, but blocking: for the `unload` of a process. */
  disposeSync(): void {
    this.#process?.stopSync();
    this.folder.removeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#process?.stop("immediate");
    } finally {
      // A postmaster that was killed leaves children which still write for a moment.
      await removeTree(this.dataFolder).catch(() => removeTree(this.dataFolder));
      await this.folder[Symbol.asyncDispose]();
    }
  }

  async #copy(template: string): Promise<void> {
    await processText({
      program: "cp",
      args: ["--recursive", "--reflink=auto", `${template}/.`, this.dataFolder],
      cwd: "/",
      ...this.#identity(),
    });
    await Deno.chmod(this.dataFolder, 0o700);
  }

  /** The first start: on another port if somebody took ours meanwhile. */
  async #begin(anyPort: boolean): Promise<void> {
    for (let attempt = 1;; attempt++) {
      try {
        return await this.resume();
      } catch (error) {
        const isTaken = causeMessages(error).some((message) => /could not bind IPv4 address/.test(message));
        if (!anyPort || !isTaken || attempt >= MOST_PORTS) throw error;
        this.#port = freePort();
        await addSettings(this.dataFolder, { port: `${this.port}` });
      }
    }
  }

  #identity(): { uid?: number; gid?: number } {
    return this.user === null ? {} : { uid: this.user.uid, gid: this.user.gid };
  }

  async #configure(settings: Readonly<Record<string, string>>): Promise<void> {
    await addSettings(this.dataFolder, {
      ...settings,
      listen_addresses: this.password === null ? "" : "127.0.0.1",
      port: `${this.port}`,
      unix_socket_directories: this.socketFolder,
      unix_socket_permissions: "0700",
    });
  }
}
