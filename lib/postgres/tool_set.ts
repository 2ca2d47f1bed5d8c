import { join } from "@std/path";
import { PgstrataError } from "../base/mod.ts";

/** One installed PostgreSQL: a folder of programs that share a version. */
export interface ToolSet {
  /** Folder of the programs, symbolic links resolved. */
  readonly folder: string;
  /** Major version, such as 17. */
  readonly major: number;
  /** Version as the programs print it, such as `17.6` or `18beta1`. */
  readonly version: string;
  /** How it was found: `PGSTRATA_PG_BIN`, `PATH`, `Debian` … */
  readonly source: string;
  /**
   * Absolute path of a program.
   *
   * @throws {PgstrataError} code `tool` when this installation does not have it.
   */
  program(name: string): string;
  /** Whether this installation has the program. */
  has(name: string): boolean;
}

const SUFFIX = Deno.build.os === "windows" ? ".exe" : "";

/** Path a program of `folder` has if it is there (`.exe` is added on Windows). */
export function programPath(folder: string, name: string): string {
  return join(folder, name + SUFFIX);
}

/** Whether `path` is a file, or a link to one. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A {@linkcode ToolSet} of a folder whose version is known. */
export function makeToolSet(facts: Pick<ToolSet, "folder" | "major" | "version" | "source">): ToolSet {
  const has = (name: string) => isFile(programPath(facts.folder, name));
  return {
    ...facts,
    has,
    program(name) {
      if (has(name)) return programPath(facts.folder, name);
      throw new PgstrataError(`Cannot find ${name}: PostgreSQL ${facts.version} in ${facts.folder} does not have it`, {
        code: "tool",
        hint: `Install the package of PostgreSQL ${facts.major} that holds ${name}.`,
      });
    },
  };
}
