/** Which run made a backup, as the ci layout shows it in folder names. Every part can stand there. */
export interface CiOrigin {
  /** Repository without its owner. */
  readonly repository: string;
  /** What started the run: `schedule`, `workflow_dispatch`, `push`, … */
  readonly event: string;
  /** First seven digits of the commit. */
  readonly sha7: string;
}

/**
 * The origin from given values, else from the variables of GitHub Actions (`GITHUB_REPOSITORY`,
 * `GITHUB_EVENT_NAME`, `GITHUB_SHA`), else `local`, `manual` and zeros.
 * Characters that cannot stand in a folder name become `-`; `--` separates the parts, so it becomes `-`.
 */
export function ciOrigin(
  env: Readonly<Record<string, string>>,
  given: { readonly repository?: string; readonly event?: string; readonly sha?: string } = {},
): CiOrigin {
  const repository = given.repository ?? env["GITHUB_REPOSITORY"] ?? "";
  return {
    repository: part(repository.split("/").at(-1) ?? "", "local"),
    event: part(given.event ?? env["GITHUB_EVENT_NAME"] ?? "", "manual"),
    sha7: part((given.sha ?? env["GITHUB_SHA"] ?? "").slice(0, 7), "0000000"),
  };
}

function part(text: string, otherwise: string): string {
  const safe = text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replaceAll(/-{2,}/g, "-").replace(/^[-.]+/, "")
    .slice(0, 80).replace(/[-.]+$/, "");
  return safe === "" ? otherwise : safe;
}
