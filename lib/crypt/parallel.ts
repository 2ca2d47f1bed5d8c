/**
 * Does something for each item, several at a time. After a failure nothing new is begun, and what runs is
 * waited for.
 *
 * @throws the first error
 */
export async function eachInParallel<T>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  let failed = false;
  const results = await Promise.allSettled(Array.from({ length: Math.max(1, jobs) }, async () => {
    for (const item of left) {
      if (failed) return;
      try {
        signal?.throwIfAborted();
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
