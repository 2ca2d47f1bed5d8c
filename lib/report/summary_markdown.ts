import { counted, countText, durationText, sizeText } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { byName, figuresOf, rateText, schemaState } from "./figures.ts";
import { restoreNeeds, restoreSteps } from "./restore_hint.ts";
import { markdownText, oneLine, terminalText } from "./safe_text.ts";

/** What a Markdown summary shows. */
export interface MarkdownOptions {
  /** Names of schemas, tables and hosts may be shown; false where anybody can read it. */
  readonly names: boolean;
  /** Restore commands at the end. Default true. */
  readonly restoreHint?: boolean;
}

/** Most lines of a list. */
const MOST = 50;

/** The summary of a backup as GitHub's Markdown, for a job's summary page. */
export function summaryMarkdown(manifest: Manifest, options: MarkdownOptions): string {
  const figures = figuresOf(manifest);
  const complete = manifest.status === "complete";
  const parts = [
    `## ${complete ? "✅" : "⚠️"} Backup of ${markdownText(manifest.environment)}: ${manifest.status}`,
    `**${counted(manifest.schemas.length, "schema")}**, **${counted(manifest.tables.length, "table")}**, ` +
    `**${counted(figures.rows, "row")}**: **${sizeText(figures.totalBytes)}** in **${
      durationText(figures.duration)
    }**` +
    (figures.rate === null ? "" : ` (${rateText(figures.rate)})`),
    factTable(manifest, options.names),
    tierTable(manifest),
  ];
  if (options.names) parts.push(schemaTable(manifest), ...notes(manifest));
  else parts.push(counts(manifest));
  if (options.restoreHint !== false) parts.push(restore(manifest, options.names));
  return parts.filter((part) => part !== "").join("\n\n") + "\n";
}

function factTable({ server, client, startedAt, label, tool }: Manifest, names: boolean): string {
  const rows: [string, string | null][] = [
    ["Started", `${new Date(startedAt).toISOString().slice(0, 19).replace("T", " ")} UTC`],
    ["Label", label === null ? null : markdownText(label)],
    ["Database", `${names ? `${markdownText(server.database)}, ` : ""}${sizeText(server.databaseBytes)}`],
    ["Connection", names ? markdownText(server.host) : null],
    ["Project", names && server.projectRef !== null ? markdownText(server.projectRef) : null],
    ["Server", `PostgreSQL ${markdownText(server.version)}`],
    ["Client", `pg_dump ${markdownText(client.version)}`],
    ["Made by", `pgstrata ${tool.version}`],
  ];
  return table(["", ""], rows.flatMap(([name, value]) => value === null ? [] : [[name, value]]));
}

function tierTable(manifest: Manifest): string {
  const { tierBytes, tierFiles, totalBytes } = figuresOf(manifest);
  const rows = [...manifest.tiers, "root" as const].map((tier) => [
    tier === "root" ? "other" : tier,
    sizeText(tierBytes[tier]),
    String(tierFiles[tier]),
  ]);
  const files = Object.values(tierFiles).reduce((sum, each) => sum + each, 0);
  return table(["Tier", ">Size", ">Files"], [...rows, ["**total**", `**${sizeText(totalBytes)}**`, `**${files}**`]]);
}

function schemaTable(manifest: Manifest): string {
  const marks = { ok: "✅ ok", "ok (some left out)": "✅ ok (some left out)", incomplete: "❌ incomplete" };
  const rows = [...manifest.schemas].sort(byName).map((schema) => [
    markdownText(schema.name),
    marks[schemaState(manifest, schema)],
    String(schema.tables),
    countText(schema.rows),
    schema.archive === null ? "-" : sizeText(schema.archiveBytes),
    manifest.tiers.includes("table") ? sizeText(schema.tableBytes) : "-",
    durationText(schema.duration),
  ]);
  return table(["Schema", "Status", ">Tables", ">Rows", ">Archive", ">Table files", ">Time"], rows);
}

function notes({ omissions, warnings }: Manifest): string[] {
  const group = (title: string, items: readonly string[], open: boolean) => {
    if (items.length === 0) return "";
    const lines = items.slice(0, MOST).map((item) => `- ${markdownText(item)}`);
    if (items.length > MOST) lines.push(`- … ${items.length - MOST} more, in manifest.json`);
    return `<details${open ? " open" : ""}><summary>${title} (${items.length})</summary>\n\n${
      lines.join("\n")
    }\n\n</details>`;
  };
  const texts = (severity: string) =>
    omissions.filter((omission) => omission.severity === severity)
      .map(({ kind, object, reason }) => `${kind} ${object}: ${reason}`);
  return [
    group("Missing from this backup", texts("lost"), true),
    group("Warnings", warnings.map(oneLine), true),
    group("Not in any dump, as expected", texts("expected"), false),
    group("Left out as asked", texts("excluded"), false),
  ];
}

/** For a page that anybody can read: how many, not which. */
function counts({ omissions, warnings }: Manifest): string {
  const lost = omissions.filter(({ severity }) => severity === "lost").length;
  const lines = [];
  if (lost > 0) lines.push(`${counted(lost, "object")} missing`);
  if (warnings.length > 0) lines.push(counted(warnings.length, "warning"));
  return lines.length === 0 ? "" : `${lines.join(", ")}: see the backup's summary.txt.`;
}

function restore(manifest: Manifest, names: boolean): string {
  const steps = restoreSteps(manifest).filter(({ showsNames }) => names || !showsNames);
  if (steps.length === 0) return "";
  const lines = steps.map(({ does, command }) => `# ${does}\n${terminalText(command)}`).join("\n");
  // A file name may hold backticks: the fence is longer than any run of them.
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `<details><summary>To restore (needs ${restoreNeeds(manifest)}, run in the backup's folder)</summary>\n\n` +
    `${fence}sh\n${lines}\n${fence}\n\n</details>`;
}

/** A Markdown table; a title that begins with `>` makes a column of numbers. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(titles.map((title) => title.replace(/^>/, ""))),
    line(titles.map((title) => title.startsWith(">") ? "---:" : "---")),
    ...rows.map(line),
  ].join("\n");
}
