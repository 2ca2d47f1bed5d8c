import { toPgstrataError } from "../base/mod.ts";
import type { BackupSummary } from "../catalog/mod.ts";
import type { Session } from "../connection/mod.ts";
import { readExtensions, readRelations, readServerFacts } from "../inventory/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { connectionCheck, lockCheck, transactionCheck } from "./activity_checks.ts";
import { type Check, problemOf } from "./check.ts";
import { clientVersionCheck } from "./client_checks.ts";
import { extensionChecks, rowsIn } from "./extension_checks.ts";
import { privilegeChecks } from "./privilege_checks.ts";
import { lockTableCheck, standbyChecks, timeoutCheck } from "./settings_checks.ts";
import { sizeChecks } from "./size_checks.ts";
import { storageFilesCheck } from "./storage_files_check.ts";
import { estimateSize, readHeapBytes } from "./size_estimate.ts";

/** What the checks inside a database go by. */
export interface DatabaseOptions {
  readonly tools: readonly ToolSet[];
  readonly jobs: number;
  /** Seconds from which a transaction is long; default 300. */
  readonly longTransaction?: number;
  readonly shelf: string;
  /** The newest complete backup. */
  readonly last: BackupSummary | null;
}

/** All relations, and all their rows. */
const EVERYTHING = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

/** An empty database's catalogs: no user's data. */
const EMPTY_DATABASE = 8e6;

/** Everything that only a logged-in session can tell. One check that fails does not keep the others from running. */
export async function databaseChecks(session: Session, options: DatabaseOptions): Promise<Check[]> {
  const server = await readServerFacts(session);
  const relations = await readRelations(session, EVERYTHING, { withSizes: false });
  const steps: readonly (readonly [string, () => Promise<readonly Check[]>])[] = [
    ["client_version", () => Promise.resolve([clientVersionCheck(options.tools, session.serverMajor)])],
    ["privileges", () => privilegeChecks(session, relations, server)],
    ["extensions", async () => extensionChecks(await readExtensions(session), relations, rowsIn(session))],
    ["connections", async () => [await connectionCheck(session, options.jobs)]],
    ["long_transactions", async () => [await transactionCheck(session, options.longTransaction)]],
    ["locks", async () => [await lockCheck(session, relations)]],
    ["statement_timeout", async () => [await timeoutCheck(session)]],
    ["lock_table", async () => [await lockTableCheck(session, relations)]],
    ["standby", () => standbyChecks(session)],
    ["storage_files", () => storageFilesCheck(session)],
    ["size", async () => {
      // Pages are counted by VACUUM and ANALYZE: of a fresh table there are none yet.
      const heap = Math.max(await readHeapBytes(session), (server.databaseBytes - EMPTY_DATABASE) / 2);
      return await sizeChecks(server.databaseBytes, estimateSize(heap, options.last), options.shelf);
    }],
  ];
  const checks: Check[] = [];
  for (const [name, run] of steps) {
    try {
      checks.push(...await run());
    } catch (error) {
      if (session.lost.aborted) throw error;
      checks.push(problemOf(name, toPgstrataError(error)));
    }
  }
  return checks;
}
