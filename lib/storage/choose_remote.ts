import { PgstrataError } from "../base/mod.ts";
import { isSameEnvironment } from "../catalog/mod.ts";
import type { RemoteBackup, RemoteEntry } from "./remote_shelf.ts";

/**
 * The stored backup that a BACKUP argument means: `latest`, `latest:ENV`, or its name.
 *
 * @param entries newest first
 * @throws {PgstrataError} code `usage` when nothing is meant by it, `refused` when it is not whole
 */
export function chooseRemote(entries: readonly RemoteEntry[], argument: string, store: string): RemoteBackup {
  const wanted = /^latest(?::(.+))?$/.exec(argument);
  const name = argument.replace(/\/+$/, "");
  const isNamed = (entry: RemoteEntry) =>
    entry.path === name || entry.path.split("/").at(-1) === name.split("/").at(-1);
  const found = wanted === null
    ? entries.find(({ path }) => path === name) ?? entries.find(isNamed)
    : entries.find((entry) =>
      entry.kind === "backup" && (wanted[1] === undefined ||
        (entry.environment !== null && isSameEnvironment(entry.environment, wanted[1])))
    );
  if (found === undefined) {
    const whole = entries.filter(({ kind }) => kind === "backup").map(({ path }) => path);
    throw new PgstrataError(`Cannot find backup ${argument}: it is not in ${store}`, {
      code: "usage",
      hint: whole[0] === undefined
        ? "No whole backup is stored there."
        : `The newest there is ${whole[0]}; \`pgstrata list --remote\` shows all.`,
    });
  }
  if (found.kind === "backup") return found;
  throw new PgstrataError(`Cannot use ${found.path}: ${stateText(found.kind)}`, {
    code: "refused",
    context: { storage: store },
    hint: found.kind === "partial"
      ? "Push it again where it is still there: the push goes on where it stopped."
      : "Choose another backup: `pgstrata list --remote` shows all.",
  });
}

function stateText(kind: Exclude<RemoteEntry["kind"], "backup">): string {
  switch (kind) {
    case "partial":
      return "its push has not ended";
    case "removing":
      return "it is being removed";
    case "unreadable":
      return "its manifest cannot be read";
    case "foreign":
      return "it is no backup of pgstrata";
    default:
      return kind satisfies never;
  }
}
