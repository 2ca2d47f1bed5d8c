import { causeMessages, messageOf } from "../base/mod.ts";
import type { Omission } from "../catalog/mod.ts";
import {
  type CatalogObject,
  type Extension,
  type Privilege,
  readCatalogObjects,
  readExtensions,
  readPrivileges,
  readViewOptions,
  type ViewOptions,
} from "../inventory/mod.ts";
import { dumpError, dumpGlobals } from "../postgres/mod.ts";
import { ProcessError } from "../system/mod.ts";
import type { ReadPlan } from "./read_plan.ts";

/** What is read beside the data, under the same snapshot (roles apart). */
export interface InventoryReading {
  readonly extensions: readonly Extension[];
  readonly views: readonly ViewOptions[];
  readonly privileges: readonly Privilege[];
  readonly objects: readonly CatalogObject[];
  /** `roles.sql`; null if it could not be read, which `omissions` then says. */
  readonly roles: string | null;
  readonly omissions: readonly Omission[];
}

/** What pg_dumpall says where it gets no connection: the reason is not told with `--database`, or it has no room. */
const NO_CONNECTION =
  /could not connect to database|too many (?:connections|clients)|remaining connection slots|EMAXCONN|max clients/i;

/**
 * Reads the inventory through the session that holds the snapshot, and roles with `pg_dumpall`.
 *
 * @param data settled when the data is read: connections are free then, if there was none for `pg_dumpall` before
 */
export async function readInventory(
  plan: ReadPlan,
  globals: { readonly passwords: boolean },
  data: Promise<unknown>,
): Promise<InventoryReading> {
  const roles = readRoles(plan, globals.passwords, data);
  roles.catch(() => {}); // Awaited below; a failure in between must not be unhandled.
  const extensions = await readExtensions(plan.session);
  const views = await readViewOptions(plan.session);
  const privileges = await readPrivileges(plan.session);
  const objects = await readCatalogObjects(plan.session);
  return { extensions, views, privileges, objects, ...await roles };
}

async function readRoles(
  plan: ReadPlan,
  passwords: boolean,
  data: Promise<unknown>,
): Promise<Pick<InventoryReading, "roles" | "omissions">> {
  if (!passwords) {
    plan.warn("roles.sql holds no passwords: only a superuser may read them; set them anew after a restore");
  }
  const read = () =>
    dumpGlobals({
      tools: plan.tools,
      environment: plan.environment,
      database: plan.server.database,
      passwords,
      signal: plan.deps.signal,
    });
  // One job was chosen, or is all there is room for: pg_dump must not find its place taken.
  if (plan.jobs === 1) await data;
  try {
    const roles = await read().catch(async (error) => {
      if (!(error instanceof ProcessError) || !NO_CONNECTION.test(error.stderr)) throw error;
      await data;
      return await read();
    });
    return { roles, omissions: [] };
  } catch (thrown) {
    plan.deps.signal.throwIfAborted();
    const error = dumpError(thrown);
    const said = causeMessages(error).slice(-1).map((text) => text.replaceAll(/\s*\n\s*/g, "; "));
    const reason = [messageOf(error), ...said].join(": ");
    plan.warn(`roles.sql could not be read: ${reason}`);
    return { roles: null, omissions: [{ kind: "roles", object: "all", reason, severity: "lost" }] };
  }
}
