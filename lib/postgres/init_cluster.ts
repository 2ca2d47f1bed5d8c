import { join } from "@std/path";
import { PgstrataError, type Secret } from "../base/mod.ts";
import { processText } from "../system/mod.ts";
import type { ServerUser } from "./server_user.ts";
import type { ToolSet } from "./tool_set.ts";

/** How a cluster is initialised: what `initdb` wants to know. */
export interface InitOptions {
  /** Default `UTF8`. */
  readonly encoding?: string;
  /** Default `C.UTF-8` on Linux, `C` elsewhere. */
  readonly locale?: string;
  /** `libc` (default), `icu` (15 and newer) or `builtin` (17 and newer). */
  readonly localeProvider?: "libc" | "icu" | "builtin";
  /** Locale of the `icu` provider, such as `en-US`, or of `builtin`, such as `C.UTF-8`. */
  readonly icuLocale?: string;
  /** Name of the superuser, default `postgres`. */
  readonly superuser?: string;
  /** Methods of pg_hba.conf; default `trust` on the private socket, `scram-sha-256` for TCP. */
  readonly auth?: { readonly local?: string; readonly host?: string };
}

/** The superuser's name if none is given. */
export const SUPERUSER = "postgres";

/**
 * Runs `initdb` into `dataFolder` and adds `settings` to its configuration.
 *
 * @param password the superuser's; null for none
 * @throws {PgstrataError} with what initdb says
 */
export async function initCluster(
  tools: ToolSet,
  dataFolder: string,
  user: ServerUser | null,
  options: InitOptions,
  password: Secret | null,
): Promise<void> {
  const passwordFile = join(dataFolder, "..", "password");
  try {
    if (password !== null) {
      await Deno.writeTextFile(passwordFile, `${password.reveal()}\n`, { mode: 0o600, createNew: true });
      if (user !== null) await Deno.chown(passwordFile, user.uid, user.gid);
    }
    await processText({
      program: tools.program("initdb"),
      args: [
        ...initArguments(tools.major, dataFolder, options),
        ...(password === null ? [] : ["--pwfile", passwordFile]),
      ],
      cwd: "/",
      ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
    });
  } catch (cause) {
    throw new PgstrataError("Cannot start a disposable server: initdb failed", {
      cause,
      context: { folder: dataFolder, tools: tools.folder, user: user?.name ?? "this user" },
      ...(user === null ? {} : {
        hint: `As root the server runs as user ${user.name}: both folders must be readable for that user.`,
      }),
    });
  } finally {
    await Deno.remove(passwordFile).catch(() => {});
  }
}

/** Arguments of `initdb` for a version. */
export function initArguments(major: number, dataFolder: string, options: InitOptions): string[] {
  const args = [
    `--pgdata=${dataFolder}`,
    `--username=${options.superuser ?? SUPERUSER}`,
    `--encoding=${options.encoding ?? "UTF8"}`,
    `--locale=${options.locale ?? (Deno.build.os === "linux" ? "C.UTF-8" : "C")}`,
    `--auth-local=${options.auth?.local ?? "trust"}`,
    `--auth-host=${options.auth?.host ?? "scram-sha-256"}`,
    "--no-sync",
  ];
  if (major >= 14) args.push("--no-instructions");
  if (major >= 18) args.push("--no-data-checksums");
  if (major >= 15 && options.localeProvider !== undefined) args.push(`--locale-provider=${options.localeProvider}`);
  if (options.icuLocale !== undefined) {
    args.push(
      options.localeProvider === "builtin"
        ? `--builtin-locale=${options.icuLocale}`
        : `--icu-locale=${options.icuLocale}`,
    );
  }
  return args;
}

/**
 * Settings for a server whose data nobody will miss: nothing is synced, no WAL beyond what a
 * restart needs, large loads without checkpoints.
 */
export const FAST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "8GB",
  wal_init_zero: "off",
  checkpoint_timeout: "1h",
  shared_buffers: "128MB",
  // In the data folder: what a killed server leaves goes with it.
  dynamic_shared_memory_type: "mmap",
  maintenance_work_mem: "128MB",
  max_connections: "100",
  // A restore in one transaction locks every object it makes.
  max_locks_per_transaction: "256",
  autovacuum_naptime: "5min",
  lc_messages: "C",
  log_checkpoints: "off",
  logging_collector: "off",
};

/** Adds settings at the end of `postgresql.conf`, where they win over what stands above. */
export async function addSettings(dataFolder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(settings).map(([name, value]) =>
    `${name} = '${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'\n`
  );
  await Deno.writeTextFile(join(dataFolder, "postgresql.conf"), lines.join(""), { append: true });
}
