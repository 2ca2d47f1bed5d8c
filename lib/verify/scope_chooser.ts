import { groupByTable, type Toc } from "../archive/mod.ts";
import { qualifiedName, quoteIdentifier } from "../base/mod.ts";
import type { PrivilegeRow } from "../catalog/mod.ts";
import type { CompareScope } from "./compare_options.ts";
import type { DefinitionScope } from "./definitions.ts";

/** Tells what belongs to the part of the backup that is compared. */
export class ScopeChooser {
  readonly #schemas: ReadonlySet<string> | null;
  readonly #tables: ReadonlySet<string> | null;
  readonly #expectedIds: ReadonlySet<number> | null;
  readonly #foundIds: ReadonlySet<number> | null;
  /** Qualified names of the tables and the sequences they own. */
  readonly #objects: ReadonlySet<string>;

  constructor(scope: CompareScope, expected: Toc | null, found: Toc | null) {
    this.#schemas = scope.schemas === null ? null : new Set(scope.schemas);
    this.#tables = scope.tables === null
      ? null
      : new Set(scope.tables.map((table) => qualifiedName(table.schema, table.name)));
    const objects = new Set<string>(this.#tables ?? []);
    this.#expectedIds = this.#ids(expected, objects);
    this.#foundIds = this.#ids(found, objects);
    this.#objects = objects;
  }

  get isWhole(): boolean {
    return this.#schemas === null && this.#tables === null;
  }

  definitions(
    side: "expected" | "found",
    rules: { readonly databaseProperties: boolean; readonly privileges: boolean },
  ): DefinitionScope {
    return {
      entries: side === "expected" ? this.#expectedIds : this.#foundIds,
      schemas: this.#schemas,
      databaseProperties: rules.databaseProperties && this.isWhole,
      privileges: rules.privileges,
    };
  }

  hasRelation(schema: string, name: string): boolean {
    if (this.#tables !== null) return this.#tables.has(qualifiedName(schema, name));
    return this.#schemas === null || this.#schemas.has(schema);
  }

  hasEntry(schema: string | null, dumpId: number | null): boolean {
    if (this.#expectedIds !== null) return this.#expectedIds.has(dumpId ?? 0);
    return this.#schemas === null || this.#schemas.has(schema ?? "");
  }

  hasObject({ kind, object }: PrivilegeRow): boolean {
    if (this.isWhole) return true;
    if (kind === "foreign data wrapper" || kind === "server") return false;
    if (this.#tables !== null) {
      return this.#objects.has(object) ||
        (kind === "column" && [...this.#tables].some((name) => object.startsWith(`${name}.`)));
    }
    const schemas = [...this.#schemas ?? []];
    if (kind === "schema") return schemas.includes(object);
    if (kind === "default") return schemas.some((name) => object.endsWith(` in ${quoteIdentifier(name)}`));
    return schemas.some((name) => object.startsWith(`${quoteIdentifier(name)}.`));
  }

  #ids(toc: Toc | null, objects: Set<string>): Set<number> | null {
    if (this.#tables === null || toc === null) return null;
    const ids = new Set<number>();
    for (const group of groupByTable(toc).tables) {
      const { namespace, tag } = group.table;
      if (!this.#tables.has(qualifiedName(namespace ?? "", tag ?? ""))) continue;
      const data = group.data === null ? [] : [group.data];
      for (const entry of [...group.definitions, ...data, ...group.sequenceValues]) {
        ids.add(entry.dumpId);
        if (entry.desc === "SEQUENCE") objects.add(qualifiedName(entry.namespace ?? "", entry.tag ?? ""));
      }
    }
    return ids;
  }
}
