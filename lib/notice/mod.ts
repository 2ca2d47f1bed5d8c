/** Telling others how a run ended: pings, webhooks, metrics. Their failures never fail a run. */
export * from "./metric_text.ts";
export * from "./metrics.ts";
export * from "./metrics_file.ts";
export * from "./notice_error.ts";
export * from "./outcome_text.ts";
export * from "./ping.ts";
export type { PostOptions } from "./post.ts";
export * from "./run_outcome.ts";
export * from "./webhook.ts";
