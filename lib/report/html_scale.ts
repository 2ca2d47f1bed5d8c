/** From a value to a position. */
export type Scale = (value: number) => number;

/** A straight scale; a domain without width maps to the middle. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [from, to] = domain;
  const [start, end] = range;
  if (to === from) return () => (start + end) / 2;
  return (value) => start + (value - from) / (to - from) * (end - start);
}

/** Round values from 0 up to and over `most`, three to five of them. */
export function niceTicks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 10 * power;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
const STEPS = [
  60_000,
  600_000,
  HOUR,
  6 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  91 * DAY,
  182 * DAY,
  365 * DAY,
];

/** The shortest usual span of time that parts a range into at most `most` pieces. */
export function timeStep(range: number, most: number): number {
  return STEPS.find((step) => range / step <= most) ?? 365 * DAY * Math.ceil(range / (365 * DAY) / most);
}

/** A tick of a time axis. */
export interface TimeTick {
  readonly time: number;
  readonly text: string;
}

/** Ticks between two times, UTC; the year stands where it begins to count. */
export function timeTicks(from: number, to: number, most = 7): TimeTick[] {
  const step = timeStep(Math.max(1, to - from), most);
  const ticks: TimeTick[] = [];
  let year = "";
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const iso = new Date(time).toISOString();
    const day = dayText(iso);
    const text = step < DAY && iso.slice(11, 16) !== "00:00" ? iso.slice(11, 16) : day.slice(0, -5);
    ticks.push({ time, text: year === iso.slice(0, 4) || text === iso.slice(11, 16) ? text : day });
    year = iso.slice(0, 4);
  }
  return ticks;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `4 Mar 2026` of an ISO time. */
export function dayText(iso: string): string {
  return `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1] ?? ""} ${iso.slice(0, 4)}`;
}
