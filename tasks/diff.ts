import { PgstrataError, systemClock } from "../lib/base/mod.ts";
import { diffRows, type DiffSide, diffSides, openBackupSide, openDatabaseSide, type RowDiff } from "../lib/diff/mod.ts";
import { maskedTarget } from "../lib/connection/mod.ts";
import { Interruption } from "../lib/system/mod.ts";
import type { Invocation, TaskContext } from "./command.ts";
import type { DIFF_OPTIONS } from "./commands/diff.ts";
import { diffDocument } from "./diff_document.ts";
import { diffMarkdown } from "./diff_markdown.ts";
import { archiveTools, type NamedSide, namedSides } from "./diff_sides.ts";
import { diffText } from "./diff_text.ts";
import { type ShelfDeps, shelfSetting } from "./shelf_setting.ts";

/** `pgstrata diff`. */
export async function run(
  invocation: Invocation<typeof DIFF_OPTIONS>,
  context: TaskContext,
  { clock }: ShelfDeps = { clock: systemClock },
): Promise<number> {
  const { console } = context;
  const { options } = invocation;
  const tables = options.table.map(tableNamed);
  const { folder, env } = await shelfSetting(context);
  const named = await namedSides(invocation, context, folder, env);
  for (const side of [named.before, named.after]) {
    if (side.kind !== "database") continue;
    const { password, sslpassword } = side.target;
    console.hide([password, sslpassword].filter((secret) => secret !== undefined));
  }
  for (const warning of named.warnings) console.warn(warning);
  using interruption = new Interruption();
  const signal = AbortSignal.any([interruption.signal, context.signal]);
  const reading = {
    env,
    signal,
    at: clock.now().toISOString(),
    // With --table the rows of these tables alone are read, later.
    rows: !options["schema-only"] && tables.length === 0,
    say: (text: string) => console.say(text),
  };
  await using stack = new AsyncDisposableStack();
  const { before, after } = await openSides(named, reading, stack);
  const diff = await diffSides(before, after, tables.length === 0 ? {} : { tables });
  const rows: RowDiff[] = [];
  if (!options["schema-only"]) {
    for (const table of tables) rows.push(await diffRows(before, after, table, { limit: options.limit }));
  }
  const document = diffDocument(diff, rows);
  if (context.json) console.document(document);
  else if (options.markdown) console.result(diffMarkdown(document));
  else console.result(diffText(document, { paint: console.resultPaint, verbose: context.verbose }));
  return document.same ? 0 : 3;
}

interface Reading {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly at: string;
  readonly rows: boolean;
  readonly say: (text: string) => void;
}

/** Opens both sides, backups first: a living database is read with the settings and the client of the backup. */
async function openSides(
  named: { readonly before: NamedSide; readonly after: NamedSide },
  reading: Reading,
  stack: AsyncDisposableStack,
): Promise<{ readonly before: DiffSide; readonly after: DiffSide }> {
  const other = named.before.kind === "backup" ? named.before : named.after.kind === "backup" ? named.after : null;
  const open = async (side: NamedSide): Promise<DiffSide> => {
    const { env, signal, at, rows, say } = reading;
    if (side.kind === "backup") {
      const tools = await archiveTools(side.manifest, env);
      return stack.use(await openBackupSide(side.folder, side.manifest, { name: side.name, tools, signal }));
    }
    say(`Reading ${side.target.environment} (${maskedTarget(side.target)})`);
    const tools = other === null ? null : await archiveTools(other.manifest, env);
    return stack.use(
      await openDatabaseSide(side.target, {
        env,
        signal,
        at,
        rows,
        ...(other === null ? {} : { copySettings: other.manifest.copySettings }),
        ...(tools?.has("pg_dump") ? { tools } : {}),
      }),
    );
  };
  return { before: await open(named.before), after: await open(named.after) };
}

/** `schema.table` as it stands in the catalog; the first dot parts them, so a schema's name may not hold one. */
function tableNamed(text: string): { readonly schema: string; readonly name: string } {
  const dot = text.indexOf(".");
  if (dot > 0 && dot < text.length - 1) return { schema: text.slice(0, dot), name: text.slice(dot + 1) };
  throw new PgstrataError(`Cannot read --table "${text}": it is not SCHEMA.TABLE`, {
    code: "usage",
    hint: `For example: --table public.${text.replaceAll(".", "") || "orders"}`,
  });
}
