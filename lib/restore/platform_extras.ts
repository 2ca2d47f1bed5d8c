import { bytesCodec, CopyScript, type TocEntry } from "../archive/mod.ts";
import { quoteLiteral } from "../base/mod.ts";
import type { Session } from "../connection/mod.ts";
import { archiveScript, type ToolSet } from "../postgres/mod.ts";
import { columnsOf } from "./beside_plan.ts";
import { copyValues } from "./copy_values.ts";
import { writeList } from "./restore_list.ts";
import type { RestoreWork } from "./restore_work.ts";

/** Most bytes of rows that are read into memory: jobs and names of secrets are few. */
const LIMIT = 16 * 1024 * 1024;

/** What of the platform is restored through its functions, and what is left to a person. */
export interface PlatformExtras {
  /** Statements for the transaction of the restore. */
  readonly sql: readonly string[];
  readonly todo: readonly string[];
}

/**
 * pg_cron's jobs come back through `cron.schedule`, since nobody may write the table; vault's secrets cannot, since the
 * backup holds them encrypted with a key that stands outside of the database.
 */
export async function planPlatformExtras(session: Session, work: RestoreWork): Promise<PlatformExtras> {
  const jobs = await cronStatements(session, work);
  const secrets = await namesOfSecrets(work);
  return {
    sql: jobs.sql,
    todo: [
      ...jobs.todo,
      ...secrets.length === 0 ? [] : [
        `create the vault's secrets again (the backup holds them encrypted, their key is outside of the database): ${
          secrets.map((name) => `SELECT vault.create_secret('…', ${quoteLiteral(name)})`).join("; ")
        }`,
      ],
      ...webhooks(work),
    ],
  };
}

async function cronStatements(session: Session, work: RestoreWork): Promise<PlatformExtras> {
  const entry = dataOf(work, "cron", "job");
  if (entry === null || !work.selection.whole) return { sql: [], todo: [] };
  const rows = await readRows(work, entry);
  if (rows.length === 0) return { sql: [], todo: [] };
  const [there] = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regprocedure('cron.schedule(text,text,text)') IS NOT NULL AS there",
  );
  if (there?.there !== true) {
    return {
      sql: [],
      todo: [`enable pg_cron and schedule ${rows.length} jobs again; they are in the backup's cron.job`],
    };
  }
  const { cron } = work.options;
  const sql = rows.flatMap((row) => {
    const [schedule, command, name] = [row.get("schedule"), row.get("command"), row.get("jobname") ?? null];
    if (typeof schedule !== "string" || typeof command !== "string") return [];
    const parts = [...name === null ? [] : [name], schedule, command].map(quoteLiteral).join(", ");
    const active = cron === "active" && row.get("active") !== "f";
    // A name finds its job again; one without a name would be there twice after a second restore.
    const there = name === null
      ? `(SELECT pg_catalog.min(jobid) FROM cron.job WHERE jobname IS NULL AND schedule = ${quoteLiteral(schedule)} ` +
        `AND command = ${quoteLiteral(command)})`
      : "NULL";
    return [`SELECT cron.alter_job(COALESCE(${there}, cron.schedule(${parts})), active := ${active});`];
  });
  const todo = cron === "active" ? [] : [
    `look at pg_cron's ${sql.length} jobs, which are inactive, and switch them on: SELECT cron.alter_job(jobid, active := true) FROM cron.job`,
  ];
  return { sql, todo };
}

async function namesOfSecrets(work: RestoreWork): Promise<string[]> {
  const entry = dataOf(work, "vault", "secrets");
  if (entry === null || !work.selection.whole) return [];
  return (await readRows(work, entry)).map((row) => row.get("name") ?? row.get("id") ?? "");
}

function webhooks({ archive, facts }: RestoreWork): string[] {
  const had = archive.toc.entries.some(({ desc, tag }) => desc === "SCHEMA" && tag === "supabase_functions");
  return had && !facts.schemas.has("supabase_functions")
    ? ["enable Database Webhooks in the project's settings: the backup has webhooks, the target has not"]
    : [];
}

function dataOf({ archive }: RestoreWork, schema: string, table: string): TocEntry | null {
  return archive.toc.entries.find(({ desc, namespace, tag }) =>
    desc === "TABLE DATA" && namespace === schema && tag === table
  ) ?? null;
}

async function readRows(work: RestoreWork, entry: TocEntry): Promise<ReadonlyMap<string, string | null>[]> {
  const columns = columnsOf(entry);
  const text = await readCopy(work.tools, work, entry);
  return text.split("\n").filter((line) => line !== "")
    .map((line) => new Map(copyValues(line).map((value, index) => [columns[index] ?? "", value])));
}

async function readCopy(tools: ToolSet, { archive, folder, deps }: RestoreWork, entry: TocEntry): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const script = new CopyScript((bytes) => {
    length += bytes.length;
    if (length <= LIMIT) pieces.push(bytes.slice());
  });
  const list = await writeList(folder, `rows-${entry.dumpId}`, [entry]);
  await archiveScript(tools, archive.path, { section: "data-only", list }, deps.signal, (chunk) => script.push(chunk));
  script.end();
  const bytes = bytesCodec.encode(pieces.map((piece) => bytesCodec.decode(piece)).join(""));
  return new TextDecoder().decode(bytes);
}
