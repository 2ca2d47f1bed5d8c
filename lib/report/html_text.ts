import { terminalText } from "./safe_text.ts";

/** Text that is HTML already; everything else is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template. */
export type HtmlPart = Html | string | number | null | readonly HtmlPart[];

/**
 * HTML from a template: what is put in is escaped unless it is {@linkcode Html}. Names from a database can end no
 * element and no attribute, and what could change the display (control characters, marks of direction) is written out.
 * Attributes must stand in double quotes.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < parts.length ? htmlOf(parts[index] ?? null) : "")).join(""),
  );
}

/** Parts one after the other. */
export function joinHtml(parts: readonly HtmlPart[], separator = ""): Html {
  return new Html(parts.map(htmlOf).join(separator));
}

function htmlOf(part: HtmlPart): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(htmlOf).join("");
  return escapeHtml(String(part));
}

/** Text as the content of an element or of an attribute in quotes. */
export function escapeHtml(text: string): string {
  return terminalText(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** A length for SVG: two decimals are a hundredth of a pixel. */
export function px(length: number): string {
  return String(Math.round(length * 100) / 100);
}
