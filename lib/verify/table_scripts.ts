import { join } from "@std/path";
import { CopyScript, decodeServerText } from "../archive/mod.ts";
import { qualifiedName, quoteLiteral } from "../base/mod.ts";
import { LAYOUTS, type Manifest, type ManifestTable, TABLE_FILES } from "../catalog/mod.ts";
import { openSession, type PinnedTarget, QueryError, type Session } from "../connection/mod.ts";
import type { DrillNote } from "./drill.ts";

/** Bytes of one read. */
const READ = 1024 * 1024;

/** A file that is to be run as a whole. */
interface Script {
  readonly path: string;
  error: string | null;
}

interface RowsScript extends Script {
  readonly table: ManifestTable;
}

/** Runs the SQL files of the table tier, each in one transaction, as often as it takes until what they need is there. */
export class TableScripts implements AsyncDisposable {
  #definitions: Script[] = [];
  #constraints: Script[] = [];
  #rows: RowsScript[] = [];

  private constructor(
    private readonly folder: string,
    private readonly manifest: Manifest,
    private readonly target: PinnedTarget,
    private readonly session: Session,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * @param depths how deep below a partitioned table each partition is, by OID
   * @param leftOut OIDs of tables that cannot be restored here
   */
  static async open(
    folder: string,
    manifest: Manifest,
    target: PinnedTarget,
    depths: ReadonlyMap<number, number>,
    leftOut: ReadonlySet<number>,
    signal: AbortSignal,
  ): Promise<TableScripts> {
    const scripts = new TableScripts(folder, manifest, target, await openSession(target, { signal }), signal);
    const files = new Set(manifest.files.map(({ path }) => path));
    const add = (list: Script[], path: string) => {
      if (files.has(path)) list.push({ path, error: null });
    };
    for (const schema of manifest.schemas) {
      add(scripts.#definitions, LAYOUTS[manifest.layout].sequencesFile(schema.folder));
    }
    const tables = manifest.tables.filter(({ oid, folder }) => folder !== null && !leftOut.has(oid));
    // Partitions are attached before their parents get what must not spread to them.
    const depth = ({ oid }: ManifestTable) => depths.get(oid) ?? 0;
    for (const { folder } of tables.toSorted((a, b) => depth(b) - depth(a))) {
      add(scripts.#constraints, `${folder}/${TABLE_FILES.constraints}`);
    }
    for (const table of tables) {
      add(scripts.#definitions, `${table.folder}/${TABLE_FILES.schema}`);
      const path = `${table.folder}/${TABLE_FILES.data}`;
      if (files.has(path)) scripts.#rows.push({ path, error: null, table });
    }
    return scripts;
  }

  get definitionsLeft(): number {
    return this.#definitions.length;
  }

  get constraintsLeft(): number {
    return this.#constraints.length;
  }

  /** Runs what is left of `schema.sql` and `sequences.sql`; whether any of it worked. */
  async runDefinitions(): Promise<boolean> {
    const left = await this.#run(this.#definitions);
    const progress = left.length < this.#definitions.length;
    this.#definitions = left;
    return progress;
  }

  /** Runs what is left of `constraints.sql`; whether any of it worked. */
  async runConstraints(): Promise<boolean> {
    const left = await this.#run(this.#constraints);
    const progress = left.length < this.#constraints.length;
    this.#constraints = left;
    return progress;
  }

  /** Loads what is left of `data.sql`, over some sessions. */
  async loadRows(jobs: number): Promise<void> {
    const left = this.#rows.toSorted((a, b) => (b.table.bytes ?? 0) - (a.table.bytes ?? 0)).values();
    const failed: RowsScript[] = [];
    await Promise.all(Array.from({ length: Math.min(jobs, this.#rows.length) }, async () => {
      await using session = await openSession(this.target, { signal: this.signal });
      for (const script of left) {
        this.signal.throwIfAborted();
        const error = await this.#load(session, script.path, script.table);
        if (error !== null) failed.push({ ...script, error });
      }
    }));
    this.#rows = failed;
  }

  /** What could not be run, each with what the server said last. */
  problems(): (DrillNote & { readonly dumpId: null; readonly table: ManifestTable | null })[] {
    const note = (table: ManifestTable | null) => ({ path, error }: Script) => ({
      object: path,
      message: error ?? "was not run",
      dumpId: null,
      table,
    });
    return [
      ...[...this.#definitions, ...this.#constraints].map(note(null)),
      ...this.#rows.map((script) => note(script.table)(script)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
  }

  async #run(scripts: readonly Script[]): Promise<Script[]> {
    const failed: Script[] = [];
    for (const { path } of scripts) {
      const text = this.#decode(await Deno.readFile(join(this.folder, path)));
      try {
        await this.session.execute(text);
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        failed.push({ path, error: error.serverMessage });
      }
    }
    return failed;
  }

  /** @returns what the server refused it with; null if all went well */
  async #load(session: Session, path: string, table: ManifestTable): Promise<string | null> {
    using file = await Deno.open(join(this.folder, path));
    const pieces: Uint8Array[] = [];
    const script = new CopyScript((bytes) => pieces.push(bytes.slice()));
    const buffer = new Uint8Array(READ);
    const more = async (): Promise<boolean> => {
      const read = await file.read(buffer);
      if (read !== null) script.push(buffer.subarray(0, read));
      return read !== null;
    };
    // Up to the COPY statement; a script without one is all head.
    while (script.copyStatement === null && await more());
    try {
      const { copyStatement } = script;
      if (copyStatement === null) {
        await session.execute(this.#decode(bytesOf(script.head)));
        return null;
      }
      const head = script.head.slice(0, script.head.length - copyStatement.length);
      await session.execute("BEGIN");
      await session.execute(this.#decode(bytesOf(head)));
      // What the extension's own script put there is in the data too.
      if (table.source === "copy") await session.execute(`DELETE FROM ${qualifiedName(table.schema, table.name)}`);
      const statement = this.#decode(bytesOf(copyStatement)).replace(/ FROM stdin;\n$/, "");
      const encoding = quoteLiteral(this.manifest.server.encoding);
      await session.copyIn(`${statement} FROM stdin WITH (ENCODING ${encoding})`, pieceStream(pieces, more));
      script.end();
      if (script.tail.trim() !== "") await session.execute(this.#decode(bytesOf(script.tail)));
      await session.execute("COMMIT");
      return null;
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      await session.execute("ROLLBACK");
      return error.serverMessage;
    }
  }

  /** SQL as the driver takes it: UTF-8, so that the script's own client_encoding must go. */
  #decode(bytes: Uint8Array): string {
    const { encoding } = this.manifest.server;
    return decodeServerText(bytes, encoding).replace(`SET client_encoding = '${encoding}';\n`, "");
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

async function* pieceStream(pieces: Uint8Array[], more: () => Promise<boolean>): AsyncGenerator<Uint8Array> {
  do yield* pieces.splice(0); while (await more());
  yield* pieces.splice(0);
}
