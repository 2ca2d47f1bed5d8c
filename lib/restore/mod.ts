/** Putting back: a whole backup or a part of it, into an empty database, beside the living one, or in its place. */
export * from "./comparison.ts";
export * from "./options.ts";
export * from "./plan.ts";
export { platformSchemaOf } from "./platform_rules.ts";
export * from "./report.ts";
export { runRestore } from "./run_restore.ts";
export { isSameDatabase, refuseProduction } from "./production_guard.ts";
