import { join } from "@std/path";
import { type BlockCompression, utf8Codec, writeToc } from "../archive/mod.ts";
import { PgstrataError } from "../base/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { processText, TempFolder } from "../system/mod.ts";
import type { Compression } from "./options.ts";

/** The first major version whose archives can be zstd. */
const ZSTD_SINCE = 16;

const GZIP: BlockCompression = { algorithm: "gzip", level: 6 };
const ZSTD: BlockCompression = { algorithm: "zstd", level: 3 };

/**
 * How archives are compressed: as asked for, else zstd where the client's `pg_restore` reads it, else gzip.
 * It is asked, not assumed: zstd is an option of PostgreSQL's build.
 *
 * @throws {PgstrataError} code `tool` if zstd was asked for and cannot be read
 */
export async function chooseCompression(
  tools: ToolSet,
  wanted: Compression | null,
  signal: AbortSignal,
): Promise<BlockCompression> {
  if (wanted !== null && wanted.algorithm !== "zstd") return wanted;
  if (tools.major >= ZSTD_SINCE && await readsZstd(tools, signal)) return wanted ?? ZSTD;
  if (wanted === null) return GZIP;
  throw new PgstrataError(`Cannot compress with zstd: pg_restore ${tools.version} does not read it`, {
    code: "tool",
    hint: "Use --compress=gzip:6, or PostgreSQL's client programs of version 16 or newer, built with zstd.",
  });
}

/** Lets `pg_restore` list an empty archive that says it is compressed with zstd. */
async function readsZstd(tools: ToolSet, signal: AbortSignal): Promise<boolean> {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "probe.dump");
  const header = {
    minor: 15,
    revision: 0,
    format: "custom" as const,
    compression: "zstd" as const,
    level: -1,
    time: [0, 0, 0, 1, 0, 100, 0],
    database: "probe",
    serverVersion: "16.0",
    clientVersion: "16.0",
  };
  await Deno.writeFile(path, writeToc({ header, entries: [], codec: utf8Codec }));
  let warned = false;
  const program = tools.program("pg_restore");
  await processText({ program, args: ["--list", path], signal, onStderr: () => warned = true });
  return !warned;
}
