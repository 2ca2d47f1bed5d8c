import type { ReportBackup } from "./html_backups.ts";
import { dayText } from "./html_scale.ts";
import { folded, htmlTable } from "./html_table.ts";
import { type Html, markup, px } from "./html_text.ts";
import { minuteText } from "./time_text.ts";

const DAY = 86_400_000;

/** Weeks of the calendar. */
const WEEKS = 26;

/** Failures and gaps that are listed. */
const MOST_ROWS = 60;

/** A stretch of days without a complete backup. */
export interface Gap {
  /** First and last day, at midnight UTC. */
  readonly from: number;
  readonly to: number;
}

/** What is known of the past of an environment. */
export interface RunHistory {
  /** Oldest first. */
  readonly backups: readonly ReportBackup[];
  readonly failures: readonly { readonly time: Date; readonly reason: string }[];
  /** Starts of backups that retention has removed since, of any environment. */
  readonly removed: readonly Date[];
  readonly now: Date;
}

/** How many days usually pass between two complete backups: the median, at least one. */
export function usualDays(backups: readonly ReportBackup[]): number {
  const days = [...new Set(backups.filter(({ state }) => state === "complete").map(({ time }) => dayOf(time)))];
  const steps = days.slice(1).map((day, index) => (day - (days[index] ?? day)) / DAY).sort((a, b) => a - b);
  return Math.max(1, Math.round(steps[Math.floor(steps.length / 2)] ?? 1));
}

/** Days without a complete backup since the first one, where there should have been one. Newest first. */
export function backupGaps({ backups, removed, now }: RunHistory): Gap[] {
  const good = backups.filter(({ state }) => state === "complete").map(({ time }) => dayOf(time));
  const first = good[0];
  if (first === undefined) return [];
  const usual = usualDays(backups);
  const days = [...new Set([...good, ...removed.map(dayOf).filter((day) => day >= first)])].sort((a, b) => a - b);
  // Today may still bring one.
  const ends = [...days.slice(1), Math.max(dayOf(now), days.at(-1) ?? 0)];
  return days.flatMap((day, index): Gap[] => {
    const next = ends[index] ?? day;
    return next - day <= usual * DAY ? [] : [{ from: day + usual * DAY, to: next - DAY }];
  }).reverse();
}

/** Calendar, gaps and failures. */
export function gapsHtml(history: RunHistory): Html {
  const gaps = backupGaps(history);
  const usual = usualDays(history.backups);
  const days = gaps.reduce((sum, { from, to }) => sum + (to - from) / DAY + 1, 0);
  const rhythm = usual === 1 ? "daily" : `every ${usual} days`;
  const saying = history.backups.length === 0
    ? markup`<p>There is no backup.</p>`
    : gaps.length === 0
    ? markup`<p class="good">No gaps: a backup on every day it was due (${rhythm}).</p>`
    : markup`
      <p class="bad">No backup on ${days === 1 ? "this day" : "these days"} (usual rhythm: ${rhythm}):</p>
      <ul class="gaps">${gaps.slice(0, MOST_ROWS).map(({ from, to }) => markup`<li>${gapText(from, to)}</li>`)}</ul>
    `;
  const failures = history.failures.toReversed().map(({ time, reason }) => ({
    cells: [{ show: `${minuteText(time)} UTC`, sort: time.getTime() }, reason],
    tone: "bad" as const,
  }));
  return markup`<figure><figcaption>The last ${WEEKS} weeks, Monday to Sunday, UTC</figcaption>${
    calendar(history)
  }<ul class="legend"><li><i class="day-complete"></i>complete</li><li><i class="day-incomplete"></i>incomplete or damaged</li><li><i class="day-failed"></i>failed</li><li><i class="day-removed"></i>made, since removed</li><li><i class="day-none"></i>none</li></ul></figure>${saying}${
    failures.length === 0 ? markup`<p class="good">No failed runs are on record.</p>` : folded(
      `Failed runs (${failures.length})`,
      htmlTable("Failed runs", [{ title: "Time" }, { title: "Reason" }], failures, { most: MOST_ROWS }),
      true,
    )
  }`;
}

function gapText(from: number, to: number): string {
  const first = dayText(new Date(from).toISOString());
  if (from === to) return first;
  return `${first} – ${dayText(new Date(to).toISOString())} (${(to - from) / DAY + 1} days)`;
}

type DayState = "complete" | "incomplete" | "failed" | "removed" | "none" | "before" | "today";

function calendar(history: RunHistory): Html {
  const states = dayStates(history);
  const today = dayOf(history.now);
  const firstDay = history.backups[0] === undefined ? today : dayOf(history.backups[0].time);
  // Weeks begin on Monday: day 4 of the epoch.
  const monday = today - ((today / DAY + 3) % 7) * DAY;
  const start = monday - (WEEKS - 1) * 7 * DAY;
  const cells: Html[] = [];
  const months: Html[] = [];
  for (let week = 0; week < WEEKS; week++) {
    const weekStart = start + week * 7 * DAY;
    const [day, month = ""] = dayText(new Date(weekStart).toISOString()).split(" ");
    if (Number(day) <= 7) months.push(markup`<text class="tick" x="${px(week * 17)}" y="10">${month}</text>`);
    for (let index = 0; index < 7; index++) {
      const at = weekStart + index * DAY;
      if (at > today) continue;
      const state: DayState = states.get(at) ??
        (at < firstDay ? "before" : at === today ? "today" : "none");
      cells.push(
        markup`
          <rect class="day day-${state}" x="${px(week * 17)}" y="${px(16 + index * 17)}" width="14" height="14" rx="3"
            data-tip="${dayText(new Date(at).toISOString())} — ${DAY_TEXT[state]}" />
        `,
      );
    }
  }
  const label = `Calendar of the last ${WEEKS} weeks. Arrow keys show each day; gaps are listed below.`;
  return markup`
    <svg class="chart calendar" viewBox="0 0 ${WEEKS * 17} 136" role="img" tabindex="0"
      aria-label="${label}"><g aria-hidden="true">${months}</g>${cells}</svg>
  `;
}

const DAY_TEXT: Readonly<Record<DayState, string>> = {
  complete: "complete backup",
  incomplete: "only an incomplete or damaged backup",
  failed: "only failed runs",
  removed: "a backup that retention has removed since",
  none: "no backup",
  before: "before the first backup of this shelf",
  today: "today: none yet",
};

function dayStates({ backups, failures, removed }: RunHistory): Map<number, DayState> {
  const states = new Map<number, DayState>();
  for (const time of removed) states.set(dayOf(time), "removed");
  for (const { time } of failures) states.set(dayOf(time), "failed");
  for (const { time, state } of backups) {
    if (state !== "complete" && states.get(dayOf(time)) !== "complete") states.set(dayOf(time), "incomplete");
  }
  for (const { time, state } of backups) if (state === "complete") states.set(dayOf(time), "complete");
  return states;
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / DAY) * DAY;
}
