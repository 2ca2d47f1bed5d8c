import { messageOf, PgstrataError } from "../base/mod.ts";
import {
  appendFailedRun,
  checkLabel,
  ciOrigin,
  type ClaimedFolder,
  claimFolder,
  LAYOUTS,
  publishLatest,
} from "../catalog/mod.ts";
import { refuseUnusable } from "../connection/mod.ts";
import { join } from "@std/path";
import { makeFolder, removeTree } from "../system/mod.ts";
import { backUpInto } from "./back_up_into.ts";
import type { BackupDeps, BackupOptions, BackupResult } from "./options.ts";
import { lockEnvironment, removeLeftovers } from "./shelf_claim.ts";

/**
 * Makes one backup: reads the database once under one snapshot and leaves one sealed folder, or nothing.
 *
 * @throws {PgstrataError} code `connection`, `tool`, `no_room`, `refused`, `interrupted`, `usage` or `failed`; nothing
 * unfinished is left behind, and what interrupted runs left is removed by the next one
 */
export async function runBackup(options: BackupOptions, deps: BackupDeps): Promise<BackupResult> {
  const startedAt = deps.clock.now();
  const { environment } = options.target;
  if (options.label !== null) checkLabel(options.label);
  refuseUnusable(options.target);
  using _lock = await lockEnvironment(options.shelf, environment, startedAt);
  await makeFolder(options.shelf);
  const onRemove = (folder: string) =>
    deps.onEvent({ type: "notice", message: `removing ${folder}, left behind by an interrupted run` });
  await removeLeftovers(options.shelf, environment, onRemove);
  let claimed: ClaimedFolder | null = null;
  try {
    const layout = LAYOUTS[options.layout];
    const meta = {
      time: startedAt,
      environment,
      label: options.label,
      origin: ciOrigin(deps.env, options.origin),
      several: options.severalEnvironments,
    };
    claimed = await claimFolder(options.shelf, layout, meta);
    const manifest = await backUpInto(claimed, options, deps, startedAt);
    const latest = layout.latest({ ...meta, time: claimed.time });
    if (latest !== null) await publishLatest(claimed.final, join(options.shelf, latest));
    return { folder: claimed.final, manifest };
  } catch (error) {
    if (claimed !== null) await removeTree(claimed.partial);
    await appendFailedRun(options.shelf, {
      environment,
      startedAt: startedAt.toISOString(),
      at: deps.clock.now().toISOString(),
      reason: messageOf(error),
    }).catch(() => {}); // The error itself matters more than the note of it.
    throw deps.signal.aborted && !(error instanceof PgstrataError) ? deps.signal.reason : error;
  }
}
