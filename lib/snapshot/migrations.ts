import { ACCESS_SQL } from "./sql_access.ts";
import { CREATE_SQL } from "./sql_create.ts";
import { DESCRIBE_SQL } from "./sql_describe.ts";
import { INVENTORY_SQL } from "./sql_inventory.ts";
import { PRUNE_SQL } from "./sql_prune.ts";
import { TABLES_SQL } from "./sql_tables.ts";

/** A step of the installation. Steps are only ever added; one that was released is never changed. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** The statements for a server's major version. They stand in the source: a compiled binary reads no file beside it. */
  readonly sql: (major: number) => string;
}

/** All steps, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: "copies of tables with records",
    sql: (major) =>
      [TABLES_SQL, ACCESS_SQL, DESCRIBE_SQL, CREATE_SQL, withInvoker(INVENTORY_SQL, major), PRUNE_SQL].join("\n"),
  },
];

/** From 15 on a view can read with the rights of who asks; before, it is closed by its own privileges alone. */
function withInvoker(sql: string, major: number): string {
  return sql.replaceAll("/*security_invoker*/", major >= 15 ? "WITH (security_invoker = true)" : "");
}
