import { messageOf } from "../base/mod.ts";
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

/** Reads the inventory through the session that holds the snapshot, and roles with `pg_dumpall`. */
export async function readInventory(
  plan: ReadPlan,
  globals: { readonly passwords: boolean },
): Promise<InventoryReading> {
  const roles = readRoles(plan, globals.passwords);
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
): Promise<Pick<InventoryReading, "roles" | "omissions">> {
  if (!passwords) {
    plan.warn("roles.sql holds no passwords: only a superuser may read them; set them anew after a restore");
  }
  try {
    const roles = await dumpGlobals({
      tools: plan.tools,
      environment: plan.environment,
      database: plan.server.database,
      passwords,
      signal: plan.deps.signal,
    });
    return { roles, omissions: [] };
  } catch (error) {
    plan.deps.signal.throwIfAborted();
    const reason = messageOf(dumpError(error));
    plan.warn(`roles.sql could not be read: ${reason}`);
    return { roles: null, omissions: [{ kind: "roles", object: "all", reason, severity: "lost" }] };
  }
}
