import type { Invocation, TaskContext } from "./command.ts";
import { VERSION } from "./version.ts";

/** What `--version --json` prints. */
export interface VersionDocument {
  readonly version: 1;
  readonly command: "version";
  readonly pgstrata: string;
  readonly deno: string;
  readonly clients: readonly { readonly version: string; readonly folder: string }[];
}

/** Prints the versions of pgstrata, of Deno, and of PostgreSQL's client programs found here. */
export async function run(_invocation: Invocation, context: TaskContext): Promise<number> {
  const document: VersionDocument = {
    version: 1,
    command: "version",
    pgstrata: VERSION,
    deno: Deno.version.deno,
    clients: await findClients(context.env),
  };
  context.console.result(context.json ? JSON.stringify(document, null, 2) : versionText(document));
  return 0;
}

/** Versions, one program a line. */
export function versionText({ pgstrata, deno, clients }: VersionDocument): string {
  const lines = [`pgstrata ${pgstrata}`, `deno ${deno}`];
  for (const { version, folder } of clients) lines.push(`pg_dump ${version} (${folder})`);
  if (clients.length === 0) lines.push("pg_dump not found");
  return lines.join("\n");
}

async function findClients(env: Readonly<Record<string, string>>): Promise<VersionDocument["clients"]> {
  const { findToolSets } = await import("../lib/postgres/mod.ts");
  const sets = await findToolSets({ env, need: ["pg_dump", "pg_restore"] });
  return sets.map(({ version, folder }) => ({ version, folder }));
}
