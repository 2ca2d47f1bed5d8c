import { countText, durationText, sizeText } from "../base/mod.ts";
import { isSameEnvironment } from "../catalog/mod.ts";
import { rateText } from "./figures.ts";
import { type ReportBackup, reportBackups } from "./html_backups.ts";
import { cardsHtml } from "./html_cards.ts";
import type { EnvironmentData, HtmlReportData } from "./html_data.ts";
import { differenceHtml } from "./html_difference.ts";
import { gapsHtml, type RunHistory } from "./html_gaps.ts";
import { growthHtml } from "./html_growth.ts";
import { historyHtml } from "./html_history.ts";
import { copyable, restoreHtml } from "./html_restore.ts";
import { retentionHtml } from "./html_retention.ts";
import { folded, htmlTable } from "./html_table.ts";
import { newestTablesHtml } from "./html_tables.ts";
import { type Html, type HtmlPart, markup } from "./html_text.ts";
import { rowId, timelineHtml } from "./html_timeline.ts";
import { minuteText } from "./time_text.ts";

/** Backups that are listed. */
const MOST_ROWS = 200;

/** Everything about one environment. */
export function environmentHtml(data: HtmlReportData, environment: EnvironmentData, section: string): Html {
  const history = historyOf(data, environment.name);
  const { backups, failures } = history;
  const newest = environment.samples.at(-1);
  const part = (id: string, title: string, content: HtmlPart) =>
    markup`
      <section class="part"
        aria-labelledby="${section}-${id}"><h3 id="${section}-${id}">${title}</h3>${content}</section>
    `;
  return markup`
    <section class="environment" id="${section}" data-environment="${environment.name}"
      aria-labelledby="${section}-title"><h2 id="${section}-title">${environment.name}</h2>${
    cardsHtml(environment.name, history)
  }${
    part(
      "timeline",
      "Backups over time",
      markup`${timelineHtml(section, backups, failures.map(({ time }) => time))}${
        folded(`All backups (${countText(backups.length)})`, backupsTable(section, backups, data.ownCommand))
      }`,
    )
  }${part("gaps", "Failures and gaps", gapsHtml(history))}${
    part(
      "growth",
      "Growth",
      growthHtml(environment.samples),
    )
  }${
    part(
      "tables",
      "What the newest backup holds",
      newest === undefined ? markup`<p class="note">No manifest can be read.</p>` : newestTablesHtml(newest),
    )
  }${part("difference", "Difference to the backup before", differenceHtml(environment.difference))}${
    part(
      "history",
      "Verified and drilled",
      historyHtml(environment.name, backups, data.records),
    )
  }${part("retention", "Retention", retentionHtml(data.plan, data.shelf, environment.name))}${
    part(
      "restore",
      "Restore",
      restoreHtml(environment.newest, data.ownCommand),
    )
  }</section>
  `;
}

/** The runs of an environment: what stands on the shelf, what failed, what is gone. */
export function historyOf({ shelf, records, at }: HtmlReportData, environment: string): RunHistory {
  const isOwn = (name: string | null) => name !== null && isSameEnvironment(name, environment);
  const failed = shelf.failedRuns.filter((run) => isOwn(run.environment))
    .map(({ startedAt, reason }) => ({ time: new Date(startedAt), reason }));
  const left = shelf.entries.flatMap((entry) =>
    entry.kind === "partial" && !entry.running && isOwn(entry.environment)
      ? [{ time: entry.time, reason: `its run ended before it was sealed: ${entry.path}` }]
      : []
  );
  return {
    backups: reportBackups(shelf.entries, environment),
    failures: [...failed, ...left].sort((a, b) => a.time.getTime() - b.time.getTime()),
    removed: removedTimes(records),
    now: at,
  };
}

/** The id of a backup tells when it was begun; of one that was removed nothing else is left. */
function removedTimes(records: HtmlReportData["records"]): Date[] {
  return [...records].flatMap(([id, own]) => {
    const match = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)-/.exec(id);
    if (match === null || own.at(-1)?.kind !== "removed") return [];
    const [, year, month, day, hour, minute, second] = match;
    return [new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)];
  });
}

const COLUMNS = [
  { title: "Backup" },
  { title: "Time, UTC" },
  { title: "State" },
  { title: "Size", align: "right" },
  { title: "Data", align: "right" },
  { title: "Rows", align: "right" },
  { title: "Duration", align: "right" },
  { title: "Speed", align: "right" },
  { title: "Verified" },
  { title: "Drilled" },
  { title: "Restore" },
] as const;

function backupsTable(section: string, backups: readonly ReportBackup[], ownCommand: boolean): Html {
  const number = (value: number | null, text: (value: number) => string) =>
    value === null ? { show: "—", sort: -1 } : { show: text(value), sort: value };
  const rows = backups.toReversed().map((backup) => {
    const { marks, state } = backup;
    return {
      id: rowId(section, backup),
      cells: [
        backup.path,
        { show: minuteText(backup.time), sort: backup.time.getTime() },
        `${state}${backup.encrypted ? ", encrypted" : ""}`,
        number(backup.totalBytes, sizeText),
        number(backup.dataBytes, sizeText),
        number(backup.rows, countText),
        number(backup.duration, durationText),
        number(backup.speed, (speed) => rateText(speed / 1e6)),
        marks?.verified?.at.slice(0, 10) ?? "—",
        marks?.drilled ? `${marks.drilled.at.slice(0, 10)}, ${Math.floor(marks.drilled.coverage * 100)}%` : "—",
        ownCommand ? copyable(`pgstrata restore ${backup.path} --to "$TARGET_URL"`) : "—",
      ],
      ...(state === "complete" ? {} : { tone: "bad" as const }),
    };
  });
  return htmlTable("All backups", COLUMNS, rows, { most: MOST_ROWS });
}
