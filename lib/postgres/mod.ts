/** PostgreSQL's own programs: finding them, matching versions, running a throwaway server. */
export * from "./choose_tools.ts";
export * from "./cluster.ts";
export * from "./find_tools.ts";
export * from "./install_hint.ts";
export type { ToolPlace } from "./tool_places.ts";
export type { ToolSet } from "./tool_set.ts";
export * from "./dump_error.ts";
export * from "./pg_dump.ts";
export * from "./pg_dumpall.ts";
export * from "./pg_restore.ts";
