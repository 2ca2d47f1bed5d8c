import { PgstrataError } from "../base/mod.ts";
import { DELETING_SUFFIX, PARTIAL_SUFFIX } from "./shelf_paths.ts";

/** Longest label; with time and environment a folder name stays far below 255 bytes. */
const LONGEST_LABEL = 80;

/**
 * A label that may stand in a folder name, as it was given: letters, digits, `-`, `_` and `.`,
 * at most 80, beginning with a letter or digit and not ending with `.`.
 *
 * @throws {PgstrataError} code `usage` for anything else; the hint proposes a label that can be used.
 */
export function checkLabel(label: string): string {
  if (isLabel(label)) return label;
  const proposal = label.normalize("NFKD").replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, LONGEST_LABEL).replace(/[.-]+$/, "");
  throw new PgstrataError(`Cannot use label "${label}": it cannot stand in a folder name`, {
    code: "usage",
    hint: `Use letters, digits, -, _ and ., at most ${LONGEST_LABEL}, the first a letter or digit.` +
      (isLabel(proposal) ? ` For example: ${proposal}` : ""),
  });
}

function isLabel(label: string): boolean {
  return label.length <= LONGEST_LABEL && /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/.test(label) &&
    ![PARTIAL_SUFFIX, DELETING_SUFFIX].some((suffix) => label.toLowerCase().endsWith(suffix));
}
