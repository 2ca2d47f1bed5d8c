/** What the name of a hand-made copy tells. */
export interface HandMadeName {
  readonly original: string;
  /** The date in the name, ISO `YYYY-MM-DD`; null where there is none. */
  readonly date: string | null;
}

const WORDS = "backup|bak|bkp|old|copy|orig|snapshot|save";
const DATE = String.raw`(\d{4})[_-]?(\d{2})[_-]?(\d{2})(?:[_T-]?\d{4,6})?`;
const SHAPES = [
  new RegExp(`^(.+?)[_-]${DATE}[_-](?:${WORDS})$`, "i"),
  new RegExp(`^(.+?)[_-](?:${WORDS})(?:[_-]?${DATE})?$`, "i"),
  new RegExp(`^(.+?)[_-](?:${WORDS})[_-]?\\d{1,4}$`, "i"),
  new RegExp(`^(?:${WORDS})[_-](.+?)(?:[_-]${DATE})?$`, "i"),
];

/**
 * Whether a table's name looks like that of a copy made by hand: `experts_backup_2025_05_25`, `experts_bak`,
 * `experts_old2`, `bak_experts`.
 */
export function handMadeName(name: string): HandMadeName | null {
  for (const shape of SHAPES) {
    const match = shape.exec(name);
    const [, original, year, month, day] = match ?? [];
    if (original === undefined) continue;
    const date = year === undefined ? null : `${year}-${month}-${day}`;
    if (date !== null && Number.isNaN(Date.parse(date))) continue;
    return { original, date };
  }
  return null;
}
