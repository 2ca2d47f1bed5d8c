import type { Check } from "../lib/doctor/mod.ts";
import { terminalText } from "../lib/report/mod.ts";
import type { DoctorDocument } from "./doctor_document.ts";
import type { Paint } from "./paint.ts";
import { wrap } from "./wrap.ts";

/** How the findings are shown. */
export interface DoctorLayout {
  readonly columns: number;
  readonly paint: Paint;
  /** Leaves out what is ok. */
  readonly quiet: boolean;
}

/** Columns before a message: the mark, the name. */
const NAME = 18;
const INDENT = 5 + NAME;

const MARKS = { ok: "ok ", warning: "!  ", problem: "!! " } as const;

/** The findings for people: a block for each environment, a line for each check, its fix below. */
export function doctorText(document: DoctorDocument, layout: DoctorLayout): string {
  const blocks = [
    block("This machine", document.general, layout),
    ...document.environments.map(({ environment, checks, skipped }) =>
      block(environment, checks, layout) +
      (skipped.length === 0
        ? ""
        : wrap(`not looked at, because of the above: ${skipped.join(", ")}`, Math.max(30, layout.columns - 2))
          .map((line) => `  ${layout.paint.dim(line)}\n`).join(""))
    ),
  ];
  return `${blocks.filter((text) => text !== "").join("\n")}\n${verdict(document, layout.paint)}\n`;
}

function block(title: string, checks: readonly Check[], layout: DoctorLayout): string {
  const shown = layout.quiet ? checks.filter(({ state }) => state !== "ok") : checks;
  if (shown.length === 0) return "";
  return `${layout.paint.bold(terminalText(title))}\n${shown.map((check) => lines(check, layout)).join("")}`;
}

function lines({ name, state, message, fix, details }: Check, { columns, paint }: DoctorLayout): string {
  const colour = { ok: paint.green, warning: paint.yellow, problem: paint.red }[state];
  const width = Math.max(30, columns - INDENT);
  const [first = "", ...rest] = wrap(terminalText(message), width);
  const indent = " ".repeat(INDENT);
  const title = terminalText(name);
  // A name that is too long stands on a line of its own.
  const head = title.length < NAME
    ? `  ${colour(MARKS[state])}${title.padEnd(NAME)}${first}`
    : `  ${colour(MARKS[state])}${title}\n${indent}${first}`;
  const findings = details.flatMap((line) => wrap(terminalText(line), width - 2))
    .map((line) => `${indent}${paint.dim(line)}`);
  const mend = fix === null || state === "ok" ? [] : fixLines(terminalText(fix), width).map((line) => indent + line);
  return `${[head, ...rest.map((line) => indent + line), ...(state === "ok" ? [] : findings), ...mend].join("\n")}\n`;
}

/** Sentences are wrapped; a command, which begins with a small letter, is never broken: it is to be copied. */
function fixLines(fix: string, width: number): string[] {
  const text = `fix: ${fix}`;
  return /^[A-Z][a-z]/.test(fix) ? wrap(text, width) : [text];
}

function verdict({ problems, warnings }: DoctorDocument, paint: Paint): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const text = `${count(problems, "problem")}, ${count(warnings, "warning")}`;
  return paint.bold(problems > 0 ? paint.red(text) : warnings > 0 ? paint.yellow(text) : paint.green(text));
}
