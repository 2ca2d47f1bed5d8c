import { createHash } from "node:crypto";
import { counted, sizeText } from "../base/mod.ts";
import type { HtmlReportData } from "./html_data.ts";
import { environmentHtml } from "./html_environment.ts";
import { REPORT_SCRIPT } from "./html_script.ts";
import { REPORT_STYLE } from "./html_style.ts";
import { Html, markup } from "./html_text.ts";
import { minuteText } from "./time_text.ts";

/**
 * A report over a shelf as one HTML page that loads nothing: style and script stand in it and are named by their
 * hashes in its content security policy, which forbids everything else. Works from `file://`, without scripts too.
 *
 * Its size is bounded: charts are aggregated, long tables cut, and both say so.
 */
export function htmlReport(data: HtmlReportData): string {
  const { shelf, environments, at, version } = data;
  const sections = environments.map((environment, index) => environmentHtml(data, environment, `e${index}`));
  const others = shelf.entries.filter(({ kind }) => kind === "foreign" || kind === "unreadable" || kind === "deleting");
  const filter = environments.length < 2 ? null : markup`
    <nav class="filter"
      aria-label="Environment"><button type="button" data-show="" aria-pressed="true">All</button>${
    environments.map((
      { name },
    ) => markup`<button type="button" data-show="${name}" aria-pressed="false">${name}</button>`)
  }</nav>
  `;
  const page = markup`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy()}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="referrer" content="no-referrer">
        <title>Backups in ${shelf.folder}</title>
        <style>${new Html(REPORT_STYLE)}</style>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          <div>
            <h1>Backups</h1>
            <p><code>${shelf.folder}</code> · ${counted(shelf.entries.length, "folder")}, ${
    sizeText(
      shelf.usage.real,
    )
  } on disk · as of ${minuteText(at)} UTC</p>
          </div>
          <div class="tools">${filter}<button type="button" id="theme" aria-label="Light or dark">Theme</button></div>
        </header>
        <main id="main">${
    sections.length === 0 ? markup`<p class="note">There is no backup on this shelf.</p>` : sections
  }${
    others.length === 0 ? null : markup`
          <section class="part">
            <h3>Other folders</h3>
            <ul>${
      others.slice(0, 50).map((entry) =>
        markup`<li><code>${entry.path}</code> — ${
          entry.kind === "unreadable"
            ? `unreadable: ${entry.reason}`
            : entry.kind === "deleting"
            ? "its removal was interrupted"
            : "not one of pgstrata's"
        }</li>`
      )
    }</ul>
          </section>
        `
  }</main>
        <footer>
          <p>Made by pgstrata ${version}. This page loads nothing and sends nothing; it names databases, tables and folders: keep it as private as the backups.</p>
        </footer>
        <div id="tip" role="status" aria-live="polite" hidden></div>
        <script>${new Html(REPORT_SCRIPT)}</script>
      </body>
    </html>
  `;
  return page.text;
}

/** Only this page's own style and script may work; nothing may be loaded, sent or framed. */
function policy(): string {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(REPORT_SCRIPT)}`,
    `style-src ${hash(REPORT_STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
