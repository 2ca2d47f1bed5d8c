/**
 * A stream that fails when nothing comes for a while: a line that was cut without a word never ends by itself.
 *
 * @param patience milliseconds
 */
export function unlessSilent(stream: ReadableStream<Uint8Array>, patience: number): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const silence = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => silence.reject(new Error(`the connection has been silent for ${patience} ms`)),
        patience,
      );
      try {
        const { done, value } = await Promise.race([reader.read(), silence.promise]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        // The answer may never come: nobody waits for it.
        reader.cancel(error).catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
