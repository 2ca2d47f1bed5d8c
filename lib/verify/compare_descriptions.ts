import { isDefinition, type Toc } from "../archive/mod.ts";
import { qualifiedName } from "../base/mod.ts";
import type { PrivilegeRow } from "../catalog/mod.ts";
import { compareDefinitions } from "./compare_definitions.ts";
import type { CompareOptions, CompareScope } from "./compare_options.ts";
import {
  compareDatabaseFacts,
  compareExtensions,
  compareLargeObjects,
  compareSequences,
  compareViewOptions,
} from "./compare_others.ts";
import { comparePrivileges } from "./compare_privileges.ts";
import { compareRows } from "./compare_rows.ts";
import type { Comparison } from "./comparison.ts";
import { type Description, tableKey } from "./description.ts";
import { Findings } from "./findings.ts";
import { schemaEntriesOf } from "./schema_entries.ts";
import { ScopeChooser } from "./scope_chooser.ts";

/** What a comparison of two descriptions needs besides {@linkcode CompareOptions}. */
export interface CompareDescriptionsOptions
  extends Omit<CompareOptions, "env" | "signal" | "normalise" | "onProgress"> {
  /** See `DefinitionRules.normalised`. */
  readonly normalised: () => Promise<Toc | null>;
  /** Tables whose rows could not be restored, by `tableKey`, with the reason. */
  readonly skippedTables?: ReadonlyMap<string, string>;
  /** Whether encoding and locale are compared. Default true. */
  readonly databaseFacts?: boolean;
}

const NO_TOC = "the backup has no archive whose table of contents can be read";

const EVERYTHING: CompareScope = { schemas: null, tables: null, content: "all" };

/** Compares a description with the one it should be equal to. */
export async function compareDescriptions(
  expected: Description,
  found: Description,
  options: CompareDescriptionsOptions,
): Promise<Comparison> {
  const findings = new Findings();
  const scope = options.scope ?? EVERYTHING;
  const rules = {
    owners: options.owners ?? true,
    privileges: options.privileges ?? true,
    databaseProperties: options.databaseProperties ?? false,
    reportExtra: options.reportExtra ?? true,
  };
  const skipped = options.skipped ?? new Map<number, string>();
  const chooser = new ScopeChooser(scope, expected.toc, found.toc);
  if (scope.content !== "data-only") {
    if (expected.toc !== null && found.toc !== null) {
      const schemasOnly = expected.schemasOnly === true && chooser.isWhole;
      if (schemasOnly) {
        findings.skip(
          "definition",
          "what stands in no schema (casts, publications, servers, event triggers)",
          "the backup has no full archive to compare with",
        );
      }
      await compareDefinitions(expected.toc, schemasOnly ? schemaEntriesOf(found.toc, expected.toc) : found.toc, {
        ...rules,
        expectedScope: chooser.definitions("expected", rules),
        foundScope: chooser.definitions("found", rules),
        skipped,
        normalised: options.normalised,
      }, findings);
    } else findings.skip("definition", "all definitions", NO_TOC);
    comparePrivileges(expected.privileges, found.privileges, {
      ...rules,
      inScope: (row) => chooser.hasObject(row),
      isOfExtension: ({ kind, object }) => found.extensionObjects?.has(`${kind}\0${object}`) === true,
      excuse: missingObjects(expected, skipped, options.skippedExtensions ?? new Map()),
      // Another version of an extension has other members.
      excuseExtra: missingObjects(found, new Map(), options.skippedExtensions ?? new Map()),
    }, findings);
    if (chooser.isWhole) {
      const skippedExtensions = options.skippedExtensions ?? new Map<string, string>();
      compareExtensions(
        expected.extensions,
        found.extensions,
        { skipped: skippedExtensions, reportExtra: rules.reportExtra },
        findings,
      );
    }
    const hasView = (schema: string, view: string) =>
      chooser.hasRelation(schema, view) && rules.reportExtra ||
      chooser.hasRelation(schema, view) &&
        expected.viewOptions.some((row) => row.schema === schema && row.view === view);
    compareViewOptions(expected.viewOptions, found.viewOptions, hasView, findings);
    if (chooser.isWhole && (options.databaseFacts ?? true)) compareDatabaseFacts(expected, found, findings);
  }
  if (scope.content !== "schema-only") {
    const skippedRows = new Map(
      (expected.toc?.entries ?? []).filter(({ desc, dumpId }) => desc === "TABLE DATA" && skipped.has(dumpId))
        .map((entry) => [tableKey(entry.namespace ?? "", entry.tag ?? ""), skipped.get(entry.dumpId) ?? ""]),
    );
    await compareRows(expected, found, {
      inScope: (table) => chooser.hasRelation(table.schema, table.name),
      excuse: (table) => {
        if (table.copied && options.copiedTables !== true) {
          return "belongs to an extension: its rows are in the table tier only and were not restored";
        }
        const reason = options.skippedTables?.get(tableKey(table.schema, table.name));
        if (reason !== undefined) return reason;
        return skippedRows.get(tableKey(table.schema, table.name)) ?? null;
      },
      reportExtra: rules.reportExtra,
      jobs: 2,
    }, findings);
    if (expected.toc !== null && found.toc !== null) {
      compareSequences(
        expected.toc,
        found.toc,
        (schema, dumpId) => chooser.hasEntry(schema, dumpId) && !skipped.has(dumpId ?? 0),
        findings,
      );
    } else findings.skip("sequence", "all values of sequences", NO_TOC);
    if (chooser.isWhole) await compareLargeObjects(expected, found, findings);
  }
  return findings.comparison();
}

/** What was left out on purpose has rows among the privileges; so have members of extensions, which no entry defines. */
function missingObjects(
  expected: Description,
  skipped: ReadonlyMap<number, string>,
  skippedExtensions: ReadonlyMap<string, string>,
): (row: PrivilegeRow) => string | null {
  if (skipped.size === 0 && skippedExtensions.size === 0) return () => null;
  const restored = new Set<string>();
  const leftOut = new Map<string, string>();
  for (const entry of expected.toc?.entries ?? []) {
    if (!isDefinition(entry)) continue;
    const plain = (entry.tag ?? "").replace(/\(.*$/s, "");
    const name = entry.namespace ? qualifiedName(entry.namespace, plain) : plain;
    const reason = skipped.get(entry.dumpId);
    if (reason === undefined) restored.add(name);
    else leftOut.set(name, reason);
  }
  const extensions = [...skippedExtensions.keys()].join(", ");
  return (row) => {
    const names = [
      row.object,
      row.object.replace(/\(.*$/s, ""),
      row.object.replace(/\.(?:"(?:[^"]|"")*"|[^."]*)$/s, ""),
    ];
    const reason = names.map((name) => leftOut.get(name)).find((text) => text !== undefined);
    if (reason !== undefined) return reason;
    if (extensions === "" || names.slice(0, 2).some((name) => restored.has(name))) return null;
    return `belongs to an extension that is not here as it was: ${extensions}`;
  };
}
