import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";

/** Ways to mark text; each is the identity where colours are off. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const plain = (text: string): string => text;

/** Text without marks. */
export const PLAIN: Paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/** Marks for a terminal that shows colours, or none. (`@std/fmt/colors` also obeys `NO_COLOR` by itself.) */
export function paintFor(colours: boolean): Paint {
  return colours ? { bold, dim, red, green, yellow, cyan } : PLAIN;
}
