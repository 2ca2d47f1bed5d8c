import { durationText, sizeText } from "../base/mod.ts";
import type { ReportBackup } from "./html_backups.ts";
import { chart, type Frame, legend, timeScales, WIDE } from "./html_chart.ts";
import { timeStep } from "./html_scale.ts";
import { type Html, markup, px } from "./html_text.ts";
import { rateText } from "./figures.ts";
import { minuteText } from "./time_text.ts";

/** Bars of a timeline: more would be thinner than a line. */
const MOST_BARS = 120;

/** Tiers from the bottom of a bar to its top. */
const TIERS = ["full", "schema", "table", "root"] as const;

const TIER_NAMES = {
  full: "full archive",
  schema: "schema archives",
  table: "SQL per table",
  root: "the rest",
} as const;

/** Backups that are drawn as one bar: the newest of them. */
interface Bar {
  readonly backup: ReportBackup;
  readonly time: number;
  readonly count: number;
}

/** The id of a backup's row in the table of backups. */
export function rowId(section: string, { path }: { readonly path: string }): string {
  return `${section}-${path.replaceAll(/[^A-Za-z0-9-]/g, (char) => `_${char.charCodeAt(0).toString(16)}_`)}`;
}

/** Sizes by tier, duration and speed over time. */
export function timelineHtml(section: string, backups: readonly ReportBackup[], failures: readonly Date[]): Html {
  const bars = barsOf(backups);
  if (bars.length === 0) return markup`<p class="note">There is no sealed backup.</p>`;
  const times = spanOf([...backups.map(({ time }) => time.getTime()), ...failures.map((time) => time.getTime())]);
  const grouped = bars.some(({ count }) => count > 1);
  return markup`
    <figure><figcaption>Size by tier${
    grouped
      ? markup`
        <small>(each bar is the newest backup of its span of time)</small>
      `
      : null
  }</figcaption>${sizeChart(section, bars, failures, times)}${
    legend([
      ...TIERS.map((tier) => ({ name: TIER_NAMES[tier], className: `fill-${tier}` })),
      { name: "incomplete or damaged", className: "fill-bad" },
      ...failures.length > 0 ? [{ name: "failed run", className: "mark-failed" }] : [],
    ])
  }</figure>
    <div class="pair">${
    lineChart(
      "Duration",
      bars,
      times,
      ({ duration }) => duration,
      durationText,
      "line-a",
    )
  }${lineChart("Speed", bars, times, ({ speed }) => speed, (speed) => rateText(speed / 1e6), "line-b")}</div>
  `;
}

function sizeChart(section: string, bars: readonly Bar[], failures: readonly Date[], times: [number, number]): Html {
  const frame = WIDE;
  const most = Math.max(...bars.map(({ backup }) => backup.totalBytes));
  const { x, y, axes } = timeScales(frame, times, most, sizeText);
  const room = (frame.width - frame.left - frame.right) / Math.max(bars.length, 12);
  const width = Math.max(2, Math.min(26, room * 0.7));
  const drawn = bars.map(({ backup, time, count }) => {
    let below = 0;
    const parts = TIERS.map((tier) => {
      const bytes = backup.bytes[tier];
      const top = y(below + bytes);
      const height = y(below) - top;
      below += bytes;
      return height < 0.05 ? null : markup`
        <rect class="fill-${tier}" x="${px(x(time) - width / 2)}" y="${px(top)}" width="${px(width)}" height="${
        px(
          height,
        )
      }" />
      `;
    });
    const bad = backup.state === "incomplete" || backup.state === "damaged"
      ? markup`
        <rect class="outline-bad" x="${px(x(time) - width / 2)}" y="${px(y(below) - 3)}" width="${
        px(
          width,
        )
      }" height="3" />
      `
      : null;
    const mark = markup`<a href="#${rowId(section, backup)}" class="bar" tabindex="-1" data-tip="${
      barText(backup, count)
    }">${parts}${bad}</a>`;
    return { time, mark };
  });
  const failed = failures.slice(-MOST_BARS).map((failure) => {
    const time = failure.getTime();
    const start = `${px(x(time) - 4)} ${px(frame.height - frame.bottom - 10)}`;
    const tip = `Failed run of ${minuteText(failure)} UTC`;
    return { time, mark: markup`<path class="mark-failed" data-tip="${tip}" d="M${start}l8 8m0 -8l-8 8"/>` };
  });
  // In the order of time: arrow keys go from one to the next.
  const marks = [...drawn, ...failed].sort((a, b) => a.time - b.time).map(({ mark }) => mark);
  return chart(frame, `Size of ${bars.length} backups by tier over time`, markup`${axes}${marks}`);
}

function barText(backup: ReportBackup, count: number): string {
  const { full, schema, table } = backup.bytes;
  const lines = [
    `${minuteText(backup.time)} UTC${backup.label === null ? "" : ` · ${backup.label}`}`,
    `${sizeText(backup.totalBytes)} (full ${sizeText(full)}, schemas ${sizeText(schema)}, tables ${sizeText(table)})`,
    ...(backup.duration === null ? [] : [`${durationText(backup.duration)}, ${backup.state}`]),
    ...(count > 1 ? [`${count} backups in this span`] : []),
  ];
  return lines.join(" — ");
}

function lineChart(
  title: string,
  bars: readonly Bar[],
  times: [number, number],
  value: (backup: ReportBackup) => number | null,
  text: (value: number) => string,
  className: string,
): Html {
  const frame: Frame = { ...WIDE, width: 470, height: 170 };
  const points = bars.flatMap(({ backup, time }) => {
    const number = value(backup);
    return number === null ? [] : [{ time, number, backup }];
  });
  const { x, y, axes } = timeScales(frame, times, Math.max(0, ...points.map(({ number }) => number)), text);
  const path = points.map(({ time, number }, index) => `${index === 0 ? "M" : "L"}${px(x(time))} ${px(y(number))}`)
    .join("");
  const dots = points.map(({ time, number, backup }) =>
    markup`
      <circle class="dot ${className}" cx="${px(x(time))}" cy="${px(y(number))}" r="${points.length > 60 ? 1.8 : 2.8}"
        data-tip="${minuteText(backup.time)} UTC — ${text(number)}" />
    `
  );
  return markup`<figure><figcaption>${title}</figcaption>${
    chart(
      frame,
      `${title} of backups over time`,
      markup`
        ${axes}<path class="line ${className}" d="${path}" />${dots}
      `,
    )
  }</figure>`;
}

function barsOf(backups: readonly ReportBackup[]): Bar[] {
  const [from, to] = spanOf(backups.map(({ time }) => time.getTime()));
  if (backups.length <= MOST_BARS) return backups.map((backup) => ({ backup, time: backup.time.getTime(), count: 1 }));
  const step = timeStep(to - from, MOST_BARS);
  const groups = Map.groupBy(backups, ({ time }) => Math.floor(time.getTime() / step));
  return [...groups.values()].flatMap((group) => {
    const backup = group.at(-1);
    return backup === undefined ? [] : [{ backup, time: backup.time.getTime(), count: group.length }];
  });
}

/** First and last time with a little room, at least an hour. */
export function spanOf(times: readonly number[]): [number, number] {
  if (times.length === 0) return [0, 3_600_000];
  const from = times.reduce((least, time) => Math.min(least, time), Infinity);
  const to = times.reduce((most, time) => Math.max(most, time), -Infinity);
  const room = Math.max(1_800_000, (to - from) * 0.03);
  return [from - room, to + room];
}
