/** What a backup's folder name tells, in any layout. */
export interface ParsedFolderName {
  readonly time: Date;
  /** As it stands in the name: `-` for `_`. Null in the ci layout. */
  readonly environment: string | null;
  readonly label: string | null;
}

const RUNBOOK = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_([^_]+)(?:_(.+))?$/;
const CI = /^(?:latest_)?(\d{4})-(\d\d)-(\d\d)T(\d\d)-(\d\d)-(\d\d)Z(?:--.*)?$/;

/** Reads a folder name of the runbook or ci layout, without suffix; null if it is none. */
export function parseFolderName(name: string): ParsedFolderName | null {
  const match = RUNBOOK.exec(name) ?? CI.exec(name);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC turns the 31st of February into March: such a name is not ours.
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    return null;
  }
  return { time, environment: match[7] ?? null, label: match[8] ?? null };
}
