import { counted, countText, sizeText } from "../base/mod.ts";
import type { ReportBackup } from "./html_backups.ts";
import { backupGaps, type RunHistory, usualDays } from "./html_gaps.ts";
import { type Html, markup } from "./html_text.ts";
import { shellWord } from "./safe_text.ts";
import { ageText } from "./time_text.ts";

const DAY = 86_400_000;

interface Card {
  readonly title: string;
  readonly value: string;
  readonly detail: string;
  readonly tone: "good" | "warn" | "bad";
}

/** The state of an environment in a few figures. */
export function cardsHtml(environment: string, history: RunHistory): Html {
  const { backups, now } = history;
  const good = backups.findLast(({ state }) => state === "complete");
  const cards = [
    newestCard(history, good),
    dataCard(backups, good),
    ...proofCards(environment, backups, now),
    failureCard(history),
  ];
  return markup`<ul class="cards">${
    cards.map(({ title, value, detail, tone }) =>
      markup`
        <li class="card ${tone}">
          <h3>${title}</h3>
          <p class="value">${value}</p>
          <p>${detail}</p>
        </li>
      `
    )
  }</ul>`;
}

function newestCard({ backups, now }: RunHistory, good: ReportBackup | undefined): Card {
  const title = "Newest complete";
  if (good === undefined) return { title, value: "none", detail: "Make one: pgstrata backup", tone: "bad" };
  const age = now.getTime() - good.time.getTime();
  const usual = usualDays(backups) * DAY;
  const tone = age > 2 * usual ? "bad" : age > 1.5 * usual ? "warn" : "good";
  const newest = backups.at(-1);
  const later = newest !== undefined && newest !== good ? `a later one is ${newest.state}` : good.path;
  return { title, value: `${ageText(good.time, now)} ago`, detail: later, tone: newest === good ? tone : "bad" };
}

function dataCard(backups: readonly ReportBackup[], good: ReportBackup | undefined): Card {
  const title = "Data in it";
  if (good?.dataBytes === undefined || good.dataBytes === null) {
    return { title, value: "unknown", detail: "no manifest can be read", tone: "warn" };
  }
  const before =
    backups.findLast(({ state, time, dataBytes }) =>
      state === "complete" && dataBytes !== null && time.getTime() <= good.time.getTime() - 7 * DAY
    ) ?? backups.find(({ state, dataBytes }) => state === "complete" && dataBytes !== null);
  const detail = `${unbroken(countText(good.rows ?? 0))} rows, ${unbroken(counted(good.tables ?? 0, "table"))}`;
  const old = before?.dataBytes ?? 0;
  if (before === undefined || before === good || old === 0) {
    return { title, value: sizeText(good.dataBytes), detail, tone: "good" };
  }
  const percent = (good.dataBytes - old) / old * 100;
  const change = `${percent >= 0 ? "+" : "−"}${Math.abs(percent).toFixed(1)}% since ${
    before.time.toISOString().slice(0, 10)
  }`;
  return {
    title,
    value: sizeText(good.dataBytes),
    detail: `${change}; ${detail}`,
    tone: percent < -50 ? "bad" : "good",
  };
}

function proofCards(environment: string, backups: readonly ReportBackup[], now: Date): Card[] {
  const command = `pgstrata verify ${shellWord(`latest:${environment}`)}`;
  const damaged = backups.filter(({ marks }) => marks?.damaged);
  const verified = newestMark(backups, (one) => one.marks?.verified?.at);
  const drilled = newestMark(backups, (one) => one.marks?.drilled?.at);
  const coverage = drilled?.backup.marks?.drilled?.coverage ?? 0;
  return [
    damaged.length > 0
      ? {
        title: "Verified",
        value: counted(damaged.length, "damaged", "damaged"),
        detail: damaged[0]?.path ?? "",
        tone: "bad",
      }
      : verified === null
      ? { title: "Verified", value: "never", detail: command, tone: "warn" }
      : { title: "Verified", value: `${ageText(verified.at, now)} ago`, detail: verified.backup.path, tone: "good" },
    drilled === null ? { title: "Restored in a drill", value: "never", detail: `${command} --drill`, tone: "warn" } : {
      title: "Restored in a drill",
      value: `${ageText(drilled.at, now)} ago`,
      detail: `${(coverage * 100).toFixed(coverage === 1 ? 0 : 1)}% came back; ${drilled.backup.path}`,
      // Restores are practised every quarter.
      tone: now.getTime() - drilled.at.getTime() > 92 * DAY ? "warn" : "good",
    },
  ];
}

function newestMark(
  backups: readonly ReportBackup[],
  timeOf: (backup: ReportBackup) => string | undefined,
): { readonly backup: ReportBackup; readonly at: Date } | null {
  const marked = backups.flatMap((backup) => {
    const at = timeOf(backup);
    return at === undefined ? [] : [{ backup, at: new Date(at) }];
  });
  return marked.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0] ?? null;
}

function failureCard(history: RunHistory): Card {
  const since = history.now.getTime() - 30 * DAY;
  const failures = history.failures.filter(({ time }) => time.getTime() >= since).length;
  const gaps = backupGaps(history).reduce(
    (sum, { from, to }) => sum + Math.max(0, (to - Math.max(from, since)) / DAY + 1),
    0,
  );
  return {
    title: "Last 30 days",
    value: failures === 0 ? "no failure" : counted(failures, "failure"),
    detail: gaps === 0 ? "no day without a backup that was due" : `${counted(Math.ceil(gaps), "day")} without a backup`,
    tone: failures > 0 || gaps > 0 ? "warn" : "good",
  };
}

/** A number whose groups of digits stay on one line. */
function unbroken(text: string): string {
  return text.replaceAll(" ", "\u00a0");
}
