import { isLargeObject, type Toc } from "../archive/mod.ts";
import { countText } from "../base/mod.ts";
import type { ExtensionRow, ViewOptionsRow } from "../catalog/mod.ts";
import type { Description } from "./description.ts";
import type { Findings } from "./findings.ts";

/** Large objects named in a report; the rest are counted. */
const NAMED = 20;

/** Compares the values of sequences. */
export function compareSequences(
  expected: Toc,
  found: Toc,
  inScope: (schema: string | null, dumpId: number | null) => boolean,
  findings: Findings,
): void {
  const values = (toc: Toc) =>
    new Map(
      toc.entries.filter(({ desc }) => desc === "SEQUENCE SET").map((entry) => [
        `${entry.namespace ?? ""}\0${entry.tag ?? ""}`,
        { entry, value: valueOf(entry.defn ?? "") },
      ]),
    );
  const present = values(found);
  for (const [key, { entry, value }] of values(expected)) {
    if (!inScope(entry.namespace, entry.dumpId)) continue;
    findings.count("sequence");
    const object = `SEQUENCE ${entry.namespace}.${entry.tag}`;
    const other = present.get(key)?.value;
    if (other === undefined) findings.differ("sequence", "missing", object, "has no value", { expected: value });
    else if (other !== value) {
      findings.differ("sequence", "changed", object, `stands at ${other} instead of ${value}`, {
        expected: value,
        found: other,
      });
    }
  }
}

/** `42`, or `42, not called`, of `SELECT pg_catalog.setval('public.s', 42, true);`. */
function valueOf(defn: string): string {
  const match = /, (-?\d+), (true|false)\);\s*$/.exec(defn);
  return match === null ? defn.trim() : `${match[1]}${match[2] === "true" ? "" : ", not called"}`;
}

/** Compares the content of all large objects. */
export async function compareLargeObjects(
  expected: Description,
  found: Description,
  findings: Findings,
): Promise<void> {
  const { largeObjects: wanted } = expected;
  const { largeObjects: present } = found;
  if (wanted === null || present === null) {
    if (expected.toc?.entries.some(isLargeObject)) {
      findings.skip("large_object", "content of large objects", "its hash is not in the manifest");
    }
    return;
  }
  findings.count("large_object", wanted.count);
  findings.bytes += wanted.bytes;
  if (wanted.sha256 === present.sha256) return;
  const before = await expected.largeObjectList();
  const now = await found.largeObjectList();
  if (before === null || now === null) {
    const detail = `${countText(present.count)} with ${countText(present.bytes)} bytes instead of ` +
      `${countText(wanted.count)} with ${countText(wanted.bytes)}, or other content`;
    return findings.differ("large_object", "changed", "LARGE OBJECTS", detail, {
      expected: wanted.sha256,
      found: present.sha256,
    });
  }
  const left = new Map(now.map((object) => [object.oid, object]));
  const differ: [kind: "missing" | "extra" | "changed", oid: number, detail: string][] = [];
  for (const { oid, bytes, sha256 } of before) {
    const other = left.get(oid);
    left.delete(oid);
    if (other === undefined) differ.push(["missing", oid, "is missing"]);
    else if (other.bytes !== bytes) differ.push(["changed", oid, `has ${other.bytes} bytes instead of ${bytes}`]);
    else if (other.sha256 !== sha256) differ.push(["changed", oid, `has other content (${bytes} bytes)`]);
  }
  for (const oid of left.keys()) differ.push(["extra", oid, "is not in the original"]);
  for (const [kind, oid, detail] of differ.slice(0, NAMED)) {
    findings.differ("large_object", kind, `LARGE OBJECT ${oid}`, detail);
  }
  if (differ.length > NAMED) {
    const detail = `${countText(differ.length - NAMED)} more of them differ`;
    findings.differ("large_object", "changed", "LARGE OBJECTS", detail);
  }
}

/** Compares extensions and their versions and schemas. */
export function compareExtensions(
  expected: readonly ExtensionRow[],
  found: readonly ExtensionRow[],
  rules: { readonly skipped: ReadonlyMap<string, string>; readonly reportExtra: boolean },
  findings: Findings,
): void {
  const left = new Map(found.map((extension) => [extension.name, extension]));
  for (const { name, version, schema } of expected) {
    const other = left.get(name);
    left.delete(name);
    const reason = rules.skipped.get(name);
    if (reason !== undefined) {
      findings.skip("extension", name, reason);
      continue;
    }
    findings.count("extension");
    const wanted = `${version} in ${schema}`;
    if (other === undefined) findings.differ("extension", "missing", name, "is missing", { expected: wanted });
    else if (other.version !== version || other.schema !== schema) {
      const present = `${other.version} in ${other.schema}`;
      findings.differ("extension", "changed", name, `${present} instead of ${wanted}`, {
        expected: wanted,
        found: present,
      });
    }
  }
  if (!rules.reportExtra) return;
  for (const { name, version } of left.values()) {
    findings.differ("extension", "extra", name, "is not in the original", { found: version });
  }
}

/** Compares options of views, such as `security_invoker=true`: without it a view shows what its owner may see. */
export function compareViewOptions(
  expected: readonly ViewOptionsRow[],
  found: readonly ViewOptionsRow[],
  inScope: (schema: string, view: string) => boolean,
  findings: Findings,
): void {
  const text = (options: readonly string[]) => [...options].sort().join(", ");
  const views = (rows: readonly ViewOptionsRow[]) =>
    new Map(
      rows.filter((row) => inScope(row.schema, row.view)).map((
        row,
      ) => [`${row.schema}.${row.view}`, text(row.options)]),
    );
  const wanted = views(expected);
  const present = views(found);
  for (const name of new Set([...wanted.keys(), ...present.keys()])) {
    const before = wanted.get(name) ?? "";
    const now = present.get(name) ?? "";
    findings.count("view_options");
    if (before === now) continue;
    const detail = `has the options "${now}" instead of "${before}"`;
    findings.differ("view_options", "changed", `VIEW ${name}`, detail, { expected: before, found: now });
  }
}

/** Compares encoding and locale, and says so where they are not to be compared. */
export function compareDatabaseFacts(expected: Description, found: Description, findings: Findings): void {
  findings.count("database", 2);
  for (const what of ["encoding", "locale"] as const) {
    if (expected[what] === found[what]) continue;
    findings.differ("database", "changed", `DATABASE ${what}`, `is ${found[what]} instead of ${expected[what]}`, {
      expected: expected[what],
      found: found[what],
    });
  }
}
