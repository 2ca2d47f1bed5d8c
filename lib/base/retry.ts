import { retry as stdRetry, RetryError } from "@std/async/retry";

/** How often and how patiently to try again. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Wait before the second attempt in milliseconds; doubles each time. */
  readonly firstWait: number;
  /** Longest single wait in milliseconds. */
  readonly longestWait: number;
}

/** Three attempts, waiting about one and two seconds, with jitter. */
export const CONNECTION_RETRY: RetryPolicy = { attempts: 3, firstWait: 1_000, longestWait: 10_000 };

/**
 * Runs `attempt` until it succeeds, fails for good or the attempts are used up.
 * Waits double and are jittered by half, so that several clients do not come back together.
 *
 * @param isRetriable whether trying again can help after this error
 * @returns what `attempt` returned
 * @throws the last error of `attempt`, as it was thrown
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  isRetriable: (error: unknown) => boolean,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await stdRetry(attempt, {
      maxAttempts: policy.attempts,
      minTimeout: policy.firstWait,
      maxTimeout: Math.max(policy.longestWait, policy.firstWait),
      multiplier: 2,
      jitter: 0.5,
      isRetriable,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    throw error instanceof RetryError ? error.cause : error;
  }
}
