/** What of a backup is expected to be in the database. */
export interface CompareScope {
  /** Only these schemas; null is all. */
  readonly schemas: readonly string[] | null;
  /** Only these tables, with what hangs on them; null is all. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[] | null;
  readonly content: "all" | "schema-only" | "data-only";
}

/** How a database is compared with a backup. */
export interface CompareOptions {
  /** Environment with `.env` merged in: `PGSTRATA_PG_BIN` and `PATH` say where PostgreSQL's programs are. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Default: everything. */
  readonly scope?: CompareScope;
  /** Whether owners were to be restored. Default true. */
  readonly owners?: boolean;
  /** Whether privileges were to be restored. Default true. Widened access is reported in any case. */
  readonly privileges?: boolean;
  /** Whether the database's own comment, settings and privileges were to be restored (`--create-db`). Default false. */
  readonly databaseProperties?: boolean;
  /** Whether objects of the database that the backup does not know are differences. Default true. */
  readonly reportExtra?: boolean;
  /** dumpIds (of the full archive) of entries left out on purpose, with the reason; they become `notCompared`. */
  readonly skipped?: ReadonlyMap<number, string>;
  /**
   * Whether rows of extensions' tables that stand in the table tier only (`source: "copy"`) were to be restored.
   * Default false: they become `notCompared`.
   */
  readonly copiedTables?: boolean;
  /** Extensions left out on purpose, with the reason. */
  readonly skippedExtensions?: ReadonlyMap<string, string>;
  /**
   * Whether definitions whose text differs may be restored once more into a disposable server of the same version, to
   * see whether PostgreSQL only writes them in another way. Default true; needs server programs on this machine.
   */
  readonly normalise?: boolean;
  /** Told how many COPY bytes of the database were read so far. */
  readonly onProgress?: (bytes: number) => void;
}
