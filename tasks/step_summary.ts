import type { Manifest } from "../lib/catalog/mod.ts";
import { markdownText, summaryMarkdown } from "../lib/report/mod.ts";
import type { ErrorDocument } from "../lib/base/mod.ts";

type Env = Readonly<Record<string, string>>;

/** What a job's summary page is about: a backup, or why there is none. */
export type StepOutcome =
  | { readonly environment: string; readonly manifest: Manifest }
  | { readonly environment: string; readonly error: ErrorDocument };

/**
 * Adds to the summary page of a GitHub Actions job; does nothing elsewhere. In a public repository
 * everybody can read that page: it then names no schemas and tables.
 *
 * @param readFile reads the event's payload
 */
export async function writeStepSummary(
  outcome: StepOutcome,
  env: Env,
  options: { readonly restoreHint: boolean },
  readFile: (path: string) => Promise<string> = (path) => Deno.readTextFile(path),
): Promise<void> {
  const path = env["GITHUB_STEP_SUMMARY"];
  if (!path) return;
  const names = await isPrivateRepository(env, readFile);
  await Deno.writeTextFile(path, `${stepMarkdown(outcome, { ...options, names })}\n`, { append: true });
}

/** The Markdown for one outcome. */
export function stepMarkdown(
  outcome: StepOutcome,
  options: { readonly names: boolean; readonly restoreHint: boolean },
): string {
  if ("manifest" in outcome) return summaryMarkdown(outcome.manifest, options);
  const { error, environment } = outcome;
  const title = `## ❌ Backup of ${markdownText(environment)}: failed`;
  // Messages name objects of the database.
  const text = options.names
    ? [markdownText(error.message), ...(error.hint === null ? [] : [markdownText(error.hint)])]
    : [`Exit code ${error.exit} (${markdownText(error.code)}): see the job's log.`];
  return `${[title, ...text].join("\n\n")}\n`;
}

/**
 * Whether only members can see this repository's runs. Internal ones count as private;
 * where nothing says so, it is taken for public.
 */
export async function isPrivateRepository(env: Env, readFile: (path: string) => Promise<string>): Promise<boolean> {
  const visibility = env["GITHUB_REPOSITORY_VISIBILITY"]?.toLowerCase();
  if (visibility) return visibility === "private" || visibility === "internal";
  const path = env["GITHUB_EVENT_PATH"];
  if (!path) return false;
  try {
    const payload: unknown = JSON.parse(await readFile(path));
    const repository = (payload as { repository?: { private?: unknown } } | null)?.repository;
    return repository?.private === true;
  } catch {
    return false;
  }
}
