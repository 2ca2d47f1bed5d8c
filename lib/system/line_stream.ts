const LINE_LIMIT = 64 * 1024;

/**
 * Calls back for each line of a byte stream, with the line's text and its bytes including the line break.
 * A line over 64 KiB is handed over in pieces, so that memory stays bounded.
 */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string, bytes: Uint8Array) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = new Uint8Array(0);
  const emit = (bytes: Uint8Array) => onLine(decoder.decode(bytes).replace(/\r?\n$/, ""), bytes);
  for await (const chunk of stream) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      emit(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    rest = bytes.slice(start);
    if (rest.length > LINE_LIMIT) {
      emit(rest);
      rest = new Uint8Array(0);
    }
  }
  if (rest.length > 0) emit(rest);
}
