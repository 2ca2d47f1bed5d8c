/** PostgreSQL's own programs judge what we cut: `pg_dump -Fc`, `pg_dump -n`, `pg_dump -t`, `pg_restore`. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { describeEntry, readToc, type TocEntry } from "../../lib/archive/mod.ts";
import type { Manifest, ManifestTable } from "../../lib/catalog/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import {
  type FixtureName,
  type TestDatabase,
  testedMajors,
  type TestServer,
  testServer,
} from "../../scripts/test_server.ts";
import { backUp, pgText, readText } from "./backup_fixture.ts";

/**
 * How much of the torture database is judged, evenly taken from all: schemas whose archives are, tables whose files are,
 * tables that are loaded alone into a database of their own. Most on the version that is always tested.
 */
const JUDGED = {
  15: { schemas: 24, tables: 40, loaded: 40 },
  other: { schemas: 16, tables: 24, loaded: 12 },
};

for (const major of testedMajors()) {
  const server = await testServer(major);
  for (const fixture of ["sample", "torture"] as const) {
    Deno.test(`backup of ${fixture} on PostgreSQL ${major} equals what pg_dump and pg_restore make`, async (t) => {
      await using shelf = await TempFolder.create();
      const database = await server.createDatabase(fixture);
      const { folder, manifest } = await backUp(database.url, shelf.path, server.tools);
      const judge = new Judge(server, database, folder, manifest, shelf.path);
      await t.step("the full archive gives the same SQL as pg_dump's own", () => judge.fullArchive());
      await t.step("the full archive restores to the same database", () => judge.restored(fixture));
      await t.step("schema.sql is what pg_restore --schema-only prints", () => judge.schemaSql());
      await t.step("schema archives are what pg_dump --schema makes", () => judge.schemaArchives(fixture));
      await t.step("table files hold what pg_dump --table prints", () => judge.tableFiles(fixture));
      await t.step("schema.sql and data.sql load alone and bring the rows back", () => judge.tablesLoad(fixture));
      await t.step("nothing that should be there is missing", () => {
        assertEquals(manifest.status, "complete");
        assertEquals(manifest.omissions.filter((omission) => omission.severity === "lost"), []);
      });
      await database.drop();
    });
  }
}

class Judge {
  constructor(
    private readonly server: TestServer,
    private readonly database: TestDatabase,
    private readonly folder: string,
    private readonly manifest: Manifest,
    private readonly scratch: string,
  ) {}

  async fullArchive(): Promise<void> {
    const theirs = join(this.scratch, "theirs.dump");
    await this.#pg("pg_dump", ["-Fc", "-f", theirs, this.database.url]);
    const full = this.#path(this.manifest.files.find((file) => file.tier === "full")?.path);
    assertSameText(await this.#script(full), await this.#script(theirs));
    assertEquals(await this.#list(full), await this.#list(theirs));
  }

  async restored(fixture: FixtureName): Promise<void> {
    // Rows that load through a partition root from several jobs arrive in any order.
    const jobs = fixture === "sample" ? ["-j2"] : [];
    const full = this.#path(this.manifest.files.find((file) => file.tier === "full")?.path);
    const theirs = await this.#restore(join(this.scratch, "theirs.dump"), jobs);
    const ours = await this.#restore(full, jobs);
    // Partitions by the hash of an enum: its OIDs, and with them the rows' places, differ in every database.
    const without = ["--exclude-schema=moved"];
    assertSameText(
      await this.#pg("pg_dump", [...without, ours.url]),
      await this.#pg("pg_dump", [...without, theirs.url]),
    );
    await ours.drop();
    await theirs.drop();
  }

  async schemaSql(): Promise<void> {
    const full = this.#path(this.manifest.files.find((file) => file.tier === "full")?.path);
    const theirs = await this.#pg("pg_restore", ["-s", "-f-", full]);
    assertSameText(await readText(this.folder, "schema.sql"), theirs.replace(/^SET transaction_timeout = 0;\n/m, ""));
  }

  async schemaArchives(fixture: FixtureName): Promise<void> {
    const schemas = fixture === "torture" ? spread(this.manifest.schemas, this.#judged.schemas) : this.manifest.schemas;
    for (const schema of schemas) {
      assert(schema.archive);
      const theirs = join(this.scratch, "schema.dump");
      const withObjects = (await this.#list(this.#path(schema.archive))).some((line) => line.includes(" BLOBS "));
      await this.#pg("pg_dump", [
        "-Fc",
        ...(withObjects ? ["-b"] : []),
        `--schema="${schema.name.replaceAll('"', '""')}"`,
        "-f",
        theirs,
        this.database.url,
      ]);
      const ours = await this.#script(this.#path(schema.archive));
      const [own, other] = [entriesOf(ours), entriesOf(await this.#script(theirs))];
      // Deviations by design: no CREATE for a default public; access lists of extensions' members are kept.
      const members = own.filter((entry) => !other.includes(entry));
      for (const entry of members) {
        assert(/; Type: ACL;/.test(entry), `not in pg_dump --schema=${schema.name}: ${entry}`);
      }
      const expected = other.filter((entry) =>
        !/^-- Name: (?:SCHEMA )?public; Type: (?:SCHEMA|COMMENT); Schema: -;/.test(entry)
      );
      const kept = own.filter((entry) =>
        !members.includes(entry) && !/^-- Name: (?:SCHEMA )?public; Type: (?:SCHEMA|COMMENT); Schema: -;/.test(entry)
      );
      assertSameText(kept.join("\n"), expected.join("\n"));
      await Deno.remove(theirs);
    }
  }

  async tableFiles(fixture: FixtureName): Promise<void> {
    for (const table of this.#tables(fixture)) {
      if (table.source !== "archive" && table.kind === "table") continue;
      const pattern = [table.schema, table.name].map((name) => `"${name.replaceAll('"', '""')}"`).join(".");
      const theirs = entriesOf(await this.#pg("pg_dump", [`--table=${pattern}`, this.database.url])).flatMap(
        withoutAttach,
      );
      const files = this.manifest.files.filter((file) => file.path.startsWith(`${table.folder}/`));
      const ours = (await Promise.all(files.map((file) => readText(this.folder, file.path)))).flatMap(entriesOf);
      // pg_dump --table of before 2025 forgets extended statistics.
      const more = ours.filter((entry) => !theirs.includes(entry));
      for (const entry of more) {
        assert(/; Type: (?:STATISTICS|COMMENT);/.test(entry), `not in pg_dump --table=${pattern}: ${entry}`);
      }
      assertEquals(ours.filter((entry) => !more.includes(entry)).sort(), theirs.sort(), `table ${pattern}`);
    }
  }

  async tablesLoad(fixture: FixtureName): Promise<void> {
    const full = this.#path(this.manifest.files.find((file) => file.tier === "full")?.path);
    const { toc } = readToc(await Deno.readFile(full));
    for (const table of spread(this.#tables(fixture), this.#judged.loaded)) {
      if (table.kind !== "table" || table.source !== "archive") continue;
      const target = await this.server.createDatabase("empty");
      const wanted = neededBy(table, toc.entries);
      const useList = join(this.scratch, "list");
      await Deno.writeTextFile(useList, wanted.map((id) => `${id};\n`).join(""));
      await this.#pg("pg_restore", ["--exit-on-error", "-L", useList, "-d", target.url, full]);
      await this.#pg("psql", [
        ...["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", target.url],
        ...["schema.sql", "data.sql"].flatMap((name) => ["-f", this.#path(`${table.folder}/${name}`)]),
      ]);
      const count = await target.psql(
        `\\t on\n\\a\nSELECT count(*) FROM ONLY ${table.copyStatement?.split(/ \(| FROM /)[0]?.replace(/^COPY /, "")};`,
      );
      // Hash partitions load through their root, which is not here alone.
      assertEquals(Number(count.trim().split("\n").at(-1)), table.rows, `rows of ${table.schema}.${table.name}`);
      await target.drop();
    }
  }

  get #judged(): typeof JUDGED["other"] {
    return this.server.major === 15 ? JUDGED[15] : JUDGED.other;
  }

  #tables(fixture: FixtureName): readonly ManifestTable[] {
    return fixture === "torture" ? spread(this.manifest.tables, this.#judged.tables) : this.manifest.tables;
  }

  async #restore(archive: string, options: readonly string[]): Promise<TestDatabase> {
    const target = await this.server.createDatabase("empty");
    await this.#pg("pg_restore", ["--exit-on-error", ...options, "-d", target.url, archive]);
    return target;
  }

  async #script(archive: string): Promise<string> {
    return await this.#pg("pg_restore", ["-f-", archive]);
  }

  /** The entries without their dump ids. */
  async #list(archive: string): Promise<string[]> {
    const text = await this.#pg("pg_restore", ["-l", archive]);
    return text.split("\n").filter((line) => /^\d/.test(line)).map((line) => line.replace(/^\d+;/, ""));
  }

  #path(path: string | undefined): string {
    assert(path !== undefined);
    return join(this.folder, path);
  }

  #pg(program: string, args: readonly string[]): Promise<string> {
    return pgText(this.server.tools, program, args);
  }
}

/** dumpIds of the entries that the manifest says the table needs. */
function neededBy(table: ManifestTable, entries: readonly TocEntry[]): number[] {
  const needs = new Set(table.needs);
  const needed = new Set(entries.filter((entry) => needs.has(describeEntry(entry))).map((entry) => entry.dumpId));
  // Who needs a schema or function needs its privileges too.
  const isAcl = (entry: TocEntry) => entry.desc === "ACL" && needed.has(entry.dependencies[0] ?? 0);
  return entries.filter((entry) => needed.has(entry.dumpId) || isAcl(entry)).map((entry) => entry.dumpId);
}

/** The blocks of a script, each from its comment head on, without settings between them. */
function entriesOf(script: string): string[] {
  const blocks = script.split(/^--\n(?=-- (?:Data for )?Name: )/m).slice(1);
  return blocks.map((block) =>
    block.replaceAll(/^SET default_(?:tablespace|table_access_method) = .*;\n\n/gm, "")
      .replace(/\n--\n-- PostgreSQL database dump complete\n--\n\n*$/, "\n").trimEnd()
  );
}

/** pg_dump 13 attaches a partition in the entry of the table; we part the two as later ones do. */
function withoutAttach(entry: string): string[] {
  const [create = "", attach] = entry.split(/\n(?=ALTER TABLE ONLY .* ATTACH PARTITION )/);
  if (attach === undefined || /^-- Name: .*; Type: TABLE ATTACH;/.test(entry)) return [entry];
  const [statement = "", ...owner] = attach.split("\n\n\n");
  const head = entry.slice(0, entry.indexOf("\n--\n\n") + 5).replace("; Type: TABLE;", "; Type: TABLE ATTACH;");
  return [[create, ...owner].join("\n\n\n"), `${head}${statement}`];
}

/** `count` items, evenly taken; the first and the last are among them. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, index) => items[Math.round(index * (items.length - 1) / (count - 1))] as T);
}

/** Says where two long texts part, instead of printing both. */
function assertSameText(ours: string, theirs: string): void {
  if (ours === theirs) return;
  const [a, b] = [ours.split("\n"), theirs.split("\n")];
  const at = a.findIndex((line, index) => line !== b[index]);
  const from = Math.max(0, at - 3);
  assertEquals(a.slice(from, at + 8).join("\n"), b.slice(from, at + 8).join("\n"), `the texts part in line ${at + 1}`);
  throw new Error(`the texts differ in length: ${a.length} and ${b.length} lines`);
}
