import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import { type EncryptionMethod, PUBLIC_FILE } from "./method.ts";

/** Grows when a reader of the old form would misread the new one. */
const PUBLIC_VERSION = 1;

/** What anybody may know of an encrypted backup. */
export interface PublicPart {
  readonly method: EncryptionMethod;
  /** Whose key opens it: that of recipients, or a passphrase. */
  readonly opensBy: "recipients" | "passphrase";
  /** What a list shows, in the form of the catalog. */
  readonly summary: unknown;
}

/** The public part as the text of {@linkcode PUBLIC_FILE}. */
export function publicPartText(part: PublicPart): string {
  return `${JSON.stringify({ version: PUBLIC_VERSION, ...part }, null, 2)}\n`;
}

/**
 * Reads the text of {@linkcode PUBLIC_FILE}.
 *
 * @throws {PgstrataError} code `not_good` when it is damaged, `usage` when a newer pgstrata wrote it
 */
export function parsePublicPart(text: string): PublicPart {
  let data: Partial<Record<"version" | keyof PublicPart, unknown>> | null;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
  const { version, method, opensBy, summary } = data ?? {};
  if (typeof version === "number" && version > PUBLIC_VERSION) {
    throw new PgstrataError(`Cannot read ${PUBLIC_FILE}: it has version ${version}, known is ${PUBLIC_VERSION}`, {
      code: "usage",
      hint: "A newer pgstrata encrypted this backup: update pgstrata. Plain age and gpg open its files meanwhile.",
    });
  }
  const isKnown = version === PUBLIC_VERSION && (method === "age" || method === "gpg") &&
    (opensBy === "recipients" || opensBy === "passphrase");
  if (!isKnown) throw damaged();
  return { method, opensBy, summary };
}

/** The public part of an encrypted backup; null when there is none or it cannot be understood. */
export async function readPublicPart(folder: string): Promise<PublicPart | null> {
  try {
    return parsePublicPart(await Deno.readTextFile(join(folder, PUBLIC_FILE)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof PgstrataError) return null;
    throw error;
  }
}

function damaged(cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot read ${PUBLIC_FILE}: it is damaged`, { code: "not_good", cause });
}
