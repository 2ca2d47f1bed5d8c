import { PgstrataError } from "../base/mod.ts";
import { installHint, type ToolKind } from "./install_hint.ts";
import type { ToolSet } from "./tool_set.ts";

/** The tools to use, and what the user must know about them. */
export interface ToolChoice {
  readonly tools: ToolSet;
  readonly warning?: string;
}

/** The system an install line is for. */
export interface SystemFacts {
  /** As `Deno.build.os`. */
  readonly os: string;
  /** Content of `/etc/os-release`, empty where there is none. */
  readonly osRelease: string;
}

/**
 * The tools for a server: equal major version, else the next newer one with a warning. Never an
 * older one: pg_dump refuses newer servers, and pg_restore newer archives.
 *
 * @param found as {@linkcode findToolSets} gave them
 * @param system default: this machine
 * @throws {PgstrataError} code `tool` with the install line as hint and what was found as context.
 */
export function chooseToolSet(
  found: readonly ToolSet[],
  serverMajor: number,
  what: ToolKind,
  system: SystemFacts = thisSystem(),
): ToolChoice {
  const suitable = found.filter((tools) => tools.major >= serverMajor).sort((a, b) => a.major - b.major);
  const tools = suitable[0];
  if (tools === undefined) throw nothingSuitable(found, serverMajor, what, system);
  if (tools.major === serverMajor) return { tools };
  const warning = what === "client"
    ? `PostgreSQL ${serverMajor} is read with the client of version ${tools.major}: ` +
      `restoring needs pg_restore ${tools.major} or newer`
    : `PostgreSQL ${tools.major} runs in place of version ${serverMajor}, which is not installed here`;
  return { tools, warning };
}

function nothingSuitable(
  found: readonly ToolSet[],
  serverMajor: number,
  what: ToolKind,
  system: SystemFacts,
): PgstrataError {
  const newest = found.at(-1);
  const state = newest === undefined
    ? "none is installed"
    : `the newest one here is ${newest.version}, and an older one cannot be used`;
  return new PgstrataError(`Cannot find a PostgreSQL ${what} for version ${serverMajor}: ${state}`, {
    code: "tool",
    hint: installHint(serverMajor, system.osRelease, system.os, what),
    context: {
      needed: `PostgreSQL ${serverMajor} or newer`,
      found: found.map((tools) => `${tools.version} in ${tools.folder}`).join(", ") || "nothing",
    },
  });
}

function thisSystem(): SystemFacts {
  let osRelease = "";
  try {
    osRelease = Deno.readTextFileSync("/etc/os-release");
  } catch {
    // macOS, Windows, or a container without one: the general line is given.
  }
  return { os: Deno.build.os, osRelease };
}
