import type { PruneEvent } from "../lib/catalog/mod.ts";
import type { Console } from "./console.ts";

/** Says what happens to a folder while a plan is done. */
export function tellPrune(event: PruneEvent, console: Console): void {
  switch (event.type) {
    case "removed":
      return console.say(`removed ${event.path}`);
    case "skipped":
      return console.warn(`${event.path} was not removed: ${event.reason}`);
    default:
      return event satisfies never;
  }
}
