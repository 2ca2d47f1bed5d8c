import * as v from "valibot";
import { type BackupSummary, readShelf, type ReadShelfOptions, type Shelf, summarySchema } from "../lib/catalog/mod.ts";
import { readPublicPart } from "../lib/crypt/mod.ts";

/** How commands read a shelf: the public part of encrypted backups tells what is in them, without a key. */
export const READ_OPTIONS: ReadShelfOptions = {
  readEncrypted: async (folder) => publicSummary((await readPublicPart(folder))?.summary),
};

/** The shelf in a folder; see `readShelf()`. */
export async function readBackups(folder: string, index: "use" | "ignore" = "use"): Promise<Shelf> {
  return await readShelf(folder, { ...READ_OPTIONS, index });
}

/** The summary in the public part of an encrypted backup; null when it cannot be understood. */
export function publicSummary(summary: unknown): BackupSummary | null {
  const result = v.safeParse(summarySchema, summary);
  return result.success ? result.output : null;
}
