const MASK = "********";

/**
 * A value that must not be seen: every implicit way to text gives a mask.
 * Only {@linkcode Secret.reveal} gives the value; grep for it to see where secrets are used.
 *
 * @example
 * ```ts
 * import { Secret } from "./secret.ts";
 * const password = new Secret("hunter2");
 * console.assert(`${password}` === "********");
 * console.assert(password.reveal() === "hunter2");
 * ```
 */
export class Secret {
  readonly #value: string;

  /** Wraps a value. */
  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. */
  reveal(): string {
    return this.#value;
  }

  /** A mask. */
  toString(): string {
    return MASK;
  }

  /** A mask. */
  toJSON(): string {
    return MASK;
  }

  /** A mask. */
  [Symbol.for("Deno.customInspect")](): string {
    return MASK;
  }

  /** A mask. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return MASK;
  }
}

/**
 * Removes secrets from text that somebody else wrote (messages of programs, drivers).
 * Each value is masked as it stands and percent-encoded; values under 3 bytes are left,
 * since masking them would destroy the text.
 */
export function maskSecrets(text: string, secrets: readonly Secret[]): string {
  let masked = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 3) continue;
    for (const form of new Set([value, encodeURIComponent(value)])) {
      masked = masked.replaceAll(form, MASK);
    }
  }
  return masked;
}
