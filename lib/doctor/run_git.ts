import { PgstrataError } from "../base/mod.ts";
import { ProcessError, processText } from "../system/mod.ts";

/** Exit status of git with these arguments; null where git is not installed. */
export type RunGit = (folder: string, args: readonly string[]) => Promise<number | null>;

/** Runs git for its exit status alone. */
export async function runGit(folder: string, args: readonly string[]): Promise<number | null> {
  try {
    await processText({ program: "git", args: ["-C", folder, ...args] });
    return 0;
  } catch (error) {
    if (error instanceof ProcessError) return error.status ?? 128;
    if (error instanceof PgstrataError && error.code === "tool") return null;
    throw error;
  }
}
