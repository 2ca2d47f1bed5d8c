import type { Toc } from "../archive/mod.ts";
import { type Definition, type DefinitionScope, definitionsOf } from "./definitions.ts";
import type { Findings } from "./findings.ts";

/** How definitions are compared. */
export interface DefinitionRules {
  readonly expectedScope: DefinitionScope;
  readonly foundScope: DefinitionScope;
  readonly owners: boolean;
  readonly reportExtra: boolean;
  /** dumpIds of expected entries left out on purpose, with the reason. */
  readonly skipped: ReadonlyMap<number, string>;
  /**
   * The expected archive's definitions after one more restore: what PostgreSQL makes of their text. Null if that cannot
   * be had. Asked only if texts differ.
   */
  readonly normalised: () => Promise<Toc | null>;
}

/**
 * Compares two tables of contents object by object. A text that differs is compared once more with what PostgreSQL
 * makes of the expected one: some expressions are written in another way after their first restore, and versions differ.
 */
export async function compareDefinitions(
  expected: Toc,
  found: Toc,
  rules: DefinitionRules,
  findings: Findings,
): Promise<void> {
  const wanted = definitionsOf(expected, rules.expectedScope);
  const present = definitionsOf(found, rules.foundScope);
  const sameObjects = (expected.header.minor >= 16) === (found.header.minor >= 16);
  const changed: [Definition, Definition][] = [];
  let largeObjects = 0;
  for (const definition of wanted.values()) {
    const reason = definition.dumpIds.map((dumpId) => rules.skipped.get(dumpId)).find((text) => text !== undefined);
    const other = present.get(definition.key);
    if (reason !== undefined) findings.skip(definition.category, definition.object, reason);
    else if (definition.category === "large_object" && !sameObjects) largeObjects++;
    else {
      findings.count(definition.category);
      if (other === undefined) {
        findings.differ(definition.category, "missing", definition.object, "is missing", { expected: definition.text });
      } else {
        if (other.text !== definition.text) changed.push([definition, other]);
        compareOwner(definition, other, rules, findings);
      }
    }
  }
  if (largeObjects > 0) {
    findings.skip(
      "large_object",
      "owners, privileges and comments",
      "the two versions of pg_dump group them differently",
    );
  }
  if (rules.reportExtra) {
    for (const definition of present.values()) {
      if (wanted.has(definition.key) || (definition.category === "large_object" && !sameObjects)) continue;
      findings.differ(definition.category, "extra", definition.object, "is not in the original", {
        found: definition.text,
      });
    }
  }
  await compareTexts(changed, rules, findings);
}

async function compareTexts(
  changed: readonly (readonly [Definition, Definition])[],
  rules: DefinitionRules,
  findings: Findings,
): Promise<void> {
  if (changed.length === 0) return;
  const normalised = await rules.normalised();
  // The scope's dumpIds are those of the expected archive; keys choose well enough here.
  const everything = { ...rules.expectedScope, entries: null };
  const again = normalised === null ? null : definitionsOf(normalised, everything);
  for (const [definition, other] of changed) {
    if (again?.get(definition.key)?.text === other.text) {
      findings.normalised++;
      continue;
    }
    const note = again === null ? " (PostgreSQL may only write it in another way: that could not be tried here)" : "";
    findings.differ(definition.category, "changed", definition.object, `is defined differently${note}`, {
      expected: definition.text,
      found: other.text,
    });
  }
}

function compareOwner(wanted: Definition, present: Definition, rules: DefinitionRules, findings: Findings): void {
  if (!rules.owners || wanted.owner === null || wanted.owner === present.owner) return;
  findings.differ("owner", "changed", wanted.object, `belongs to ${present.owner} instead of ${wanted.owner}`, {
    expected: wanted.owner,
    found: present.owner,
  });
}
