/** From an environment's name to a session and its snapshot: targets, TLS, poolers, connection slots. */
export * from "./target.ts";
export { type ConnectionStringContext, type EnvironmentInput, parseConnectionString } from "./connection_string.ts";
export { isEnvironmentName, knownEnvironments, resolveTargets } from "./environment.ts";
export { loadEnvironment } from "./environment_file.ts";
export { maskedHost, maskedTarget } from "./masked_target.ts";
export { refuseUnusable } from "./refusal.ts";
export { ConnectionError, QueryError } from "./connection_error.ts";
export type { Session, SessionOptions } from "./session_contract.ts";
export { openSession } from "./session.ts";
export { type PinOptions, pinTarget } from "./pin_target.ts";
export type { ResolveHost } from "./reach_host.ts";
export { toolEnvironment } from "./tool_environment.ts";
export { type ConnectionSlots, readSlots } from "./connection_slots.ts";
export { chooseJobs, type JobLimits } from "./job_count.ts";
export { type ExportedSnapshot, openSnapshot, type Snapshot, type SnapshotOptions } from "./snapshot.ts";
export { type BlockingLock, blockingLocks } from "./blocking_lock.ts";
export type { LockableRelation } from "./relation_lock.ts";
