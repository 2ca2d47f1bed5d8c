import type { BackupRecord } from "../catalog/mod.ts";
import type { ReportBackup } from "./html_backups.ts";
import { htmlTable } from "./html_table.ts";
import { type Html, type HtmlPart, markup } from "./html_text.ts";
import { shellWord } from "./safe_text.ts";
import { minuteText } from "./time_text.ts";

/** Records that are listed. */
const MOST_ROWS = 100;

/** What happened to backups after they were sealed: verified, drilled, kept, stored. Newest first. */
export function historyHtml(
  environment: string,
  backups: readonly ReportBackup[],
  records: ReadonlyMap<string, readonly BackupRecord[]>,
): Html {
  const all = backups.flatMap((backup) =>
    (backup.id === null ? [] : records.get(backup.id) ?? []).map((record) => ({ backup, record }))
  ).sort((a, b) => a.record.at < b.record.at ? 1 : -1);
  const proofs = all.filter(({ record }) => record.kind === "verified" || record.kind === "drilled");
  const rows = all.map(({ backup, record }) => {
    const { text, tone } = wordsOf(record);
    return {
      cells: [
        { show: `${minuteText(new Date(record.at))} UTC`, sort: Date.parse(record.at) },
        record.kind,
        backup.path,
        text,
      ],
      ...(tone === undefined ? {} : { tone }),
    };
  });
  const latest = shellWord(`latest:${environment}`);
  const empty = proofs.length === 0
    ? markup`
      <p
        class="bad">No backup here was ever verified or drilled: nobody knows whether they can be restored. <code>pgstrata verify ${latest} --drill</code></p>
    `
    : null;
  if (rows.length === 0) return markup`${empty}`;
  const columns = [{ title: "Time" }, { title: "What" }, { title: "Backup" }, { title: "Result" }];
  return markup`${empty}${htmlTable("What happened to backups", columns, rows, { most: MOST_ROWS })}`;
}

function wordsOf(record: BackupRecord): { readonly text: HtmlPart; readonly tone?: "good" | "warn" | "bad" } {
  switch (record.kind) {
    case "verified":
      return { text: `${record.good ? "good" : "DAMAGED"} — ${record.how}`, tone: record.good ? "good" : "bad" };
    case "drilled": {
      const coverage = `${(record.coverage * 100).toFixed(record.coverage === 1 ? 0 : 1)}% came back`;
      const tone = !record.good ? "bad" : record.coverage < 1 ? "warn" : "good";
      return { text: `${record.good ? "restored" : "FAILED"}, ${coverage} — ${record.how}`, tone };
    }
    case "keep":
      return { text: `${record.reason}${record.until === null ? "" : ` (until ${record.until.slice(0, 10)})`}` };
    case "stored":
    case "withdrawn":
      return { text: record.destination };
    case "removed":
      return { text: record.reason };
    case "released":
      return { text: "the mark was taken back" };
    default:
      return record satisfies never;
  }
}
