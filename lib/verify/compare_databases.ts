import type { Target } from "../connection/mod.ts";
import { compareDescriptions } from "./compare_descriptions.ts";
import type { CompareOptions } from "./compare_options.ts";
import type { Comparison } from "./comparison.ts";
import { describeDatabase } from "./describe_database.ts";

/**
 * Compares two live databases, each as one snapshot shows it; the first is the one that is expected. Both are read by
 * the same pg_dump, that of the newer server, so that equal objects have equal text as far as the versions let them.
 *
 * @throws {PgstrataError} code `connection`, or `tool` when no pg_dump here can read a server
 */
export async function compareDatabases(
  expected: Target,
  found: Target,
  options: Omit<CompareOptions, "skipped" | "skippedExtensions" | "normalise" | "copiedTables">,
): Promise<Comparison> {
  const { env, signal, onProgress } = options;
  const content = options.scope?.content === "schema-only" ? "schema-only" : "all";
  const { scope } = options;
  const describe = {
    env,
    signal,
    content,
    ...(scope === undefined ? {} : { scope }),
    ...(onProgress === undefined ? {} : { onProgress }),
  } as const;
  await using first = await describeDatabase(expected, describe);
  const copySettings = Object.fromEntries(
    (await first.session.query<{ name: string; setting: string }>(
      "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('TimeZone', 'bytea_output', 'lc_monetary', 'xmlbinary')",
    )).map(({ name, setting }) => [name, setting]),
  );
  await using second = await describeDatabase(found, { ...describe, copySettings, tools: first.tools });
  if (second.tools.major > first.tools.major) {
    await using again = await describeDatabase(expected, { ...describe, copySettings, tools: second.tools });
    return await compareDescriptions(again, second, { ...options, normalised: () => Promise.resolve(null) });
  }
  return await compareDescriptions(first, second, { ...options, normalised: () => Promise.resolve(null) });
}
