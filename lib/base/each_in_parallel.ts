/**
 * Does something for each item, several at a time. After a failure nothing new is begun, and what runs is
 * waited for.
 *
 * @throws the first error
 */
export async function eachInParallel<T>(
  items: Iterable<T>,
  jobs: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed = false;
  const results = await Promise.allSettled(Array.from({ length: Math.max(1, jobs) }, async () => {
    for (let next = left.next(); !next.done && !failed; next = left.next()) {
      try {
        signal?.throwIfAborted();
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
