import { ROOT_FILES } from "../catalog/mod.ts";
import { type Extension, tsvText, type ViewOptions } from "../inventory/mod.ts";
import type { BackupFolder } from "./backup_folder.ts";
import type { ReadPlan } from "./read_plan.ts";

/** Writes the inventory that people look at with `head`, `grep` and `column`. */
export async function writeInventoryFiles(
  plan: ReadPlan,
  extensions: readonly Extension[],
  views: readonly ViewOptions[],
): Promise<void> {
  const { folder } = plan;
  await folder.write(ROOT_FILES.version, "root", versionText(plan));
  await folder.write(
    ROOT_FILES.extensions,
    "root",
    tsvText(["name", "version", "schema"], extensions.map(({ name, version, schema }) => [name, version, schema])),
  );
  await folder.write(
    ROOT_FILES.viewOptions,
    "root",
    tsvText(
      ["schema", "view", "kind", "reloptions"],
      views.map(({ schema, view, kind, options }) => [schema, view, kind, options.join(",")]),
    ),
  );
}

/** Writes `roles.sql`; `null` stands for roles that could not be read. */
export async function writeRoles(folder: BackupFolder, roles: string | null): Promise<void> {
  await folder.write(ROOT_FILES.roles, "root", roles ?? "-- The roles could not be read; the manifest says why.\n");
}

function versionText(plan: ReadPlan): string {
  const { server, tools, deps } = plan;
  return [
    server.versionText,
    `server_version ${server.version}`,
    `database ${server.database}`,
    `encoding ${server.encoding}`,
    `collate ${server.collate}`,
    `ctype ${server.ctype}`,
    `locale_provider ${server.localeProvider}${server.locale === null ? "" : ` ${server.locale}`}`,
    `pg_dump ${tools.version}`,
    `pgstrata ${deps.version}`,
    "",
  ].join("\n");
}
