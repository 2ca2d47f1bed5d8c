const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `2026-08-10 02:00:04 UTC`, from an ISO time. */
export function timeText(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A time for a narrow column, in UTC: `2026-08-10 02:00`. */
export function minuteText(time: Date): string {
  return time.toISOString().slice(0, 16).replace("T", " ");
}

/** How long ago a time is, in its largest unit: `40s`, `12min`, `5h`, `9d`, `7mo`, `3y`. Times to come begin with `in`. */
export function ageText(time: Date, now: Date): string {
  const age = now.getTime() - time.getTime();
  const text = spanText(Math.abs(age));
  return age < 0 ? `in ${text}` : text;
}

/** `12min ago`; `in 12min` for times to come: other machines' clocks are not ours. */
export function agoText(time: Date, now: Date): string {
  const ahead = time.getTime() - now.getTime();
  // Less than what is shown: a clock that runs a moment ahead.
  return ahead >= 1000 ? ageText(time, now) : `${spanText(Math.max(0, -ahead))} ago`;
}

function spanText(span: number): string {
  if (span < 2 * MINUTE) return `${Math.floor(span / 1000)}s`;
  if (span < 2 * HOUR) return `${Math.floor(span / MINUTE)}min`;
  if (span < 2 * DAY) return `${Math.floor(span / HOUR)}h`;
  // Retention counts in days, weeks and months: days stay days for two months.
  if (span < 60 * DAY) return `${Math.floor(span / DAY)}d`;
  if (span < 730 * DAY) return `${Math.floor(span / (30.44 * DAY))}mo`;
  return `${Math.floor(span / (365.25 * DAY))}y`;
}
