import { type ProcessSpec, runProcess } from "../system/mod.ts";

/**
 * What a program writes to its standard output, as it comes; the program waits while nobody reads. Ends only after the
 * exit status was seen and was 0. Leaving the loop early ends the program.
 *
 * @throws as `runProcess`
 */
export async function* processStream(spec: ProcessSpec): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const signal = spec.signal === undefined ? left.signal : AbortSignal.any([spec.signal, left.signal]);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const running = runProcess({ ...spec, signal }, (chunk) => writer.write(chunk)).then(
    () => writer.close(),
    (error) => writer.abort(error),
  );
  running.catch(() => {});
  let ended = false;
  try {
    for await (const chunk of readable) yield chunk;
    ended = true;
  } finally {
    if (!ended) left.abort(new Error("nobody reads any more"));
    await running.catch(() => {});
  }
}
