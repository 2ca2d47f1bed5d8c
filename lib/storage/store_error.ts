import { PgstrataError } from "../base/mod.ts";

/** An object that ought to be there is not (exit code 3). */
export function missingObject(key: string, store: string, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot read ${key}: it is not in ${store}`, {
    code: "not_good",
    hint: "`pgstrata list --remote` shows what is stored whole. Push the backup again where it is still there.",
    cause,
  });
}

/** A source was not what its hash says (exit code 3). */
export function changedSource(key: string): PgstrataError {
  return new PgstrataError(`Cannot store ${key}: its content is not what the manifest says`, {
    code: "not_good",
    hint: "The local file is damaged: `pgstrata verify` tells all that is wrong. Nothing damaged was stored.",
  });
}

/** Words for a storage that takes nothing more. */
export const FULL_HINT =
  "Free space there (`pgstrata prune --remote`) or raise the quota. What was stored stays: push again and it goes on.";

/** A folder's disk is full (exit code 6). */
export function fullStorage(what: string, store: string, cause: unknown): PgstrataError {
  return new PgstrataError(`Cannot ${what}: ${store} is full`, { code: "no_room", hint: FULL_HINT, cause });
}

/** The shelf's disk has no room for what is pulled (exit code 6). */
export function noRoomToPull(state: string, cause?: unknown): PgstrataError {
  return new PgstrataError(`Cannot pull the backup: ${state}`, {
    code: "no_room",
    hint: "Free space, and pull again: it goes on where it stopped. Or choose another folder with --dir.",
    cause,
  });
}

/** An object may not be removed yet (exit code 7). */
export function lockedObject(key: string, until: Date | "held" | null, cause?: unknown): PgstrataError {
  const when = until === null ? "" : until === "held" ? " by a legal hold" : ` until ${until.toISOString()}`;
  return new PgstrataError(`Cannot remove ${key}: it is locked${when}`, {
    code: "refused",
    hint: "The storage's object lock keeps it. Nothing has to be done: a later prune removes it.",
    cause,
  });
}

/** A key that leaves its place (exit code 3). */
export function checkKey(key: string): string {
  if (key.split("/").every((part) => part !== "" && part !== "." && part !== "..")) return key;
  throw new PgstrataError(`Cannot use the key ${JSON.stringify(key)}: it is no path`, { code: "not_good" });
}
