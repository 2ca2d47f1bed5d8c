/** Vocabulary of the whole suite: errors and exit codes, secrets, time, retry, quantities, SQL names. No I/O. */
export * from "./clock.ts";
export * from "./each_in_parallel.ts";
export * from "./errors.ts";
export * from "./identifier.ts";
export * from "./limiter.ts";
export * from "./quantity.ts";
export * from "./retry.ts";
export * from "./secret.ts";
