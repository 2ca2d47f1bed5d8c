import { join } from "@std/path";
import type { Toc } from "../archive/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { pinTarget, toolEnvironment } from "../connection/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { TempFolder } from "../system/mod.ts";
import { DrillServer } from "./drill_server.ts";
import { readDump } from "./read_dump.ts";
import { restoreArchive } from "./restore_archive.ts";

/** What a round trip needs. */
export interface RoundTripOptions {
  /** The backup's folder and the archive in it. */
  readonly folder: string;
  readonly archive: string;
  readonly manifest: Manifest;
  /** Reads the archive; pg_dump of it reads the server. */
  readonly tools: ToolSet;
  readonly signal: AbortSignal;
}

/**
 * The definitions of an archive as PostgreSQL writes them after they were restored once: into a second database of the
 * server given, dropped at the end. What cannot be restored is not in it.
 */
export async function roundTrip(server: DrillServer, options: RoundTripOptions): Promise<Toc> {
  const { manifest, tools, signal } = options;
  const name = "pgstrata_round_trip";
  await server.createDatabase(name, manifest);
  try {
    await using folder = await TempFolder.create();
    const environment = await toolEnvironment(await pinTarget(server.target(name), { signal }), folder.path);
    await restoreArchive({
      tools,
      environment,
      database: name,
      path: join(options.folder, options.archive),
      jobs: 1,
      entries: null,
      args: ["--schema-only"],
      signal,
    });
    return (await readDump({ tools, environment, content: "schema-only", signal })).toc;
  } finally {
    await server.dropDatabase(name);
  }
}
