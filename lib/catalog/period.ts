/** A span of the calendar. */
export interface Period {
  readonly unit: "days" | "months";
  readonly count: number;
}

/**
 * A time moved by a period, in UTC. Months keep the day where there is one:
 * a month after the 31st of January is the 28th or 29th of February.
 */
export function addPeriod(time: Date, period: Period): Date {
  const moved = new Date(time);
  if (period.unit === "days") {
    moved.setUTCDate(moved.getUTCDate() + period.count);
    return moved;
  }
  const day = moved.getUTCDate();
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + period.count);
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(day, lastDay));
  return moved;
}

/** A period for people: `7 days`, `1 month`. */
export function periodText({ unit, count }: Period): string {
  return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
}

/** Slots of the grandfather-father-son scheme, from short to long. */
export const SLOTS = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;

/** A slot of the grandfather-father-son scheme. */
export type Slot = typeof SLOTS[number];

/** The slot of its kind a time falls into, in UTC; weeks are named by their Monday. */
export function slotName(slot: Slot, time: Date): string {
  const iso = time.toISOString();
  switch (slot) {
    case "hourly":
      return `${iso.slice(0, 13)}h`;
    case "daily":
      return iso.slice(0, 10);
    case "weekly": {
      const sinceMonday = (time.getUTCDay() + 6) % 7;
      return addPeriod(time, { unit: "days", count: -sinceMonday }).toISOString().slice(0, 10);
    }
    case "monthly":
      return iso.slice(0, 7);
    case "yearly":
      return iso.slice(0, 4);
    default:
      return slot satisfies never;
  }
}
