import type { Manifest } from "../catalog/mod.ts";
import { bySize } from "./figures.ts";
import { shellWord } from "./safe_text.ts";

/** A thing to do and the command that does it. */
export interface HintStep {
  /** What it is for: `everything`, `one table`. */
  readonly does: string;
  /** A line for a POSIX shell. */
  readonly command: string;
  /** Whether it names a schema or table. */
  readonly showsNames: boolean;
}

/** What a restore hint is about. */
export interface RestoreHintOptions {
  /** Where the backup stands, for `cd` and pgstrata's own command; null leaves both out. */
  readonly folder?: string | null;
  /** Whether this pgstrata can restore by itself. */
  readonly ownCommand?: boolean;
}

/**
 * Commands that put a backup back with PostgreSQL's own programs, exact names of this backup filled in.
 * They are run in its folder; `$TARGET_URL` is the database to restore into.
 */
export function restoreSteps(manifest: Manifest, options: RestoreHintOptions = {}): HintStep[] {
  const steps: HintStep[] = [];
  const file = (tier: string) => manifest.files.find((each) => each.tier === tier);
  if (options.ownCommand && options.folder) {
    steps.push({
      does: "with pgstrata",
      command: `pgstrata restore ${shellWord(options.folder)} --to "$TARGET_URL"`,
      showsNames: false,
    });
  }
  if (options.folder) {
    steps.push({ does: "in the backup's folder", command: `cd ${shellWord(options.folder)}`, showsNames: false });
  }
  if (manifest.files.some(({ path }) => path === "roles.sql")) {
    steps.push({ does: "roles", command: 'psql --dbname="$TARGET_URL" --file=roles.sql', showsNames: false });
  }
  const full = file("full");
  if (full !== undefined) {
    // With --clean, pg_dump's archives of views that depend on each other complain in an empty database.
    steps.push({
      does: "everything, into a new and empty database",
      command: pgRestore(manifest, full.path, false),
      showsNames: false,
    });
    steps.push({
      does: "everything, over what is there",
      command: pgRestore(manifest, full.path, true),
      showsNames: false,
    });
  }
  const schema = manifest.schemas.find(({ name, archive }) => archive !== null && name === "public") ??
    manifest.schemas.find(({ archive }) => archive !== null);
  if (typeof schema?.archive === "string") {
    steps.push({
      does: "one schema, over what is there; complains where other schemas depend on it",
      command: pgRestore(manifest, schema.archive, true),
      showsNames: true,
    });
  }
  const tables = manifest.tables.filter(({ folder, rows }) => folder !== null && rows !== null).sort(bySize);
  const table = tables.find((each) => each.schema === schema?.name) ?? tables[0];
  if (typeof table?.folder === "string") {
    const has = (name: string) => manifest.files.some(({ path }) => path === `${table.folder}/${name}`);
    const load = (names: readonly string[]) =>
      `psql --dbname="$TARGET_URL" --set=ON_ERROR_STOP=1 ${
        names.filter(has).map((name) => `--file=${shellWord(`${table.folder}/${name}`)}`).join(" ")
      }`;
    steps.push({ does: "one table", command: load(["schema.sql", "data.sql"]), showsNames: true });
    if (has("constraints.sql")) {
      steps.push({
        does: "its foreign keys and triggers, where the others exist",
        command: load(["constraints.sql"]),
        showsNames: true,
      });
    }
  }
  return steps;
}

/** What the restoring machine must have: archives of a newer client need its `pg_restore`. */
export function restoreNeeds({ client }: Manifest): string {
  const major = /^\d+/.exec(client.version)?.[0] ?? client.version;
  return `pg_restore and psql ${major} or newer`;
}

function pgRestore({ server }: Manifest, path: string, clean: boolean): string {
  // On Supabase much is owned by roles that the user's role cannot act for.
  const options = [...clean ? ["--clean", "--if-exists"] : [], ...server.projectRef === null ? [] : ["--no-owner"]];
  return ["pg_restore", ...options, '--dbname="$TARGET_URL"', shellWord(path)].join(" ");
}
