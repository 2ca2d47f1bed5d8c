import type { ToolSet } from "../../lib/postgres/mod.ts";

/** Client programs of these versions, of which only the version matters. */
export function makeFakeTools(...majors: readonly number[]): ToolSet[] {
  return majors.map((major) => ({
    major,
    version: `${major}.3`,
    folder: `/usr/lib/postgresql/${major}/bin`,
    source: "Debian",
    program: (name) => `/usr/lib/postgresql/${major}/bin/${name}`,
    has: () => true,
  }));
}
