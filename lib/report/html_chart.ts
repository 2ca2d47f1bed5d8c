import { type Html, type HtmlPart, markup, px } from "./html_text.ts";
import { linearScale, niceTicks, type Scale, timeTicks } from "./html_scale.ts";

/** Size and borders of a chart, in units of its view box. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a chart over the whole width. */
export const WIDE: Frame = { width: 960, height: 260, left: 64, right: 12, top: 14, bottom: 28 };

/** Scales of a chart over time. */
export interface TimeScales {
  readonly x: Scale;
  readonly y: Scale;
  /** Axes and grid. */
  readonly axes: Html;
}

/** Scales and axes of a chart over time, from zero up to `most`. */
export function timeScales(
  frame: Frame,
  times: readonly [number, number],
  most: number,
  text: (value: number) => string,
): TimeScales {
  const ticks = niceTicks(most);
  const y = linearScale([0, ticks.at(-1) ?? 1], [frame.height - frame.bottom, frame.top]);
  const x = linearScale(times, [frame.left, frame.width - frame.right]);
  const lines = ticks.map((tick) =>
    markup`
      <line class="grid" x1="${px(frame.left)}" x2="${px(frame.width - frame.right)}" y1="${px(y(tick))}" y2="${
      px(
        y(tick),
      )
    }" />
      <text class="tick" x="${px(frame.left - 8)}" y="${px(y(tick) + 4)}" text-anchor="end">${text(tick)}</text>
    `
  );
  const below = frame.height - frame.bottom;
  const marks = timeTicks(...times, Math.max(2, Math.floor((frame.width - frame.left) / 95))).map(({ time, text }) => {
    // A text at the edge would be cut.
    const at = x(time);
    const anchor = at > frame.width - frame.right - 40 ? "end" : at < frame.left + 30 ? "start" : "middle";
    return markup`
      <line class="grid" x1="${px(at)}" x2="${px(at)}" y1="${px(below)}" y2="${px(below + 4)}" />
      <text class="tick" x="${px(at)}" y="${px(below + 18)}" text-anchor="${anchor}">${text}</text>
    `;
  });
  return { x, y, axes: markup`<g aria-hidden="true">${lines}${marks}</g>` };
}

/** A chart as a figure: its parts with `data-tip` can be visited with the arrow keys. */
export function chart(frame: Frame, label: string, content: HtmlPart): Html {
  return markup`
    <svg class="chart" viewBox="0 0 ${frame.width} ${frame.height}" role="img" tabindex="0"
      aria-label="${label}. Arrow keys show the values; the table below has them all.">${content}</svg>
  `;
}

/** Names of colours under a chart. */
export function legend(items: readonly { readonly name: string; readonly className: string }[]): Html {
  return markup`<ul class="legend">${
    items.map(({ name, className }) => markup`<li><i class="${className}"></i>${name}</li>`)
  }</ul>`;
}
