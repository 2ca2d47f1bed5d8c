/** Keeps the last bytes of a stream of any length. */
export class ByteTail {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** @param capacity most bytes kept */
  constructor(readonly capacity: number) {}

  /** Adds bytes at the end; the oldest beyond the capacity are forgotten. */
  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice(-this.capacity));
    this.#length += Math.min(bytes.length, this.capacity);
    for (let first = this.#chunks[0]; first && this.#length - first.length >= this.capacity; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#length -= first.length;
    }
  }

  /** What is kept, as text; begins with a whole line if something was cut off. */
  text(): string {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
    return this.#length > this.capacity ? text.slice(text.indexOf("\n") + 1) : text;
  }
}
