import { countText } from "../base/mod.ts";
import type { DifferenceGroup, ReportDifference } from "./html_data.ts";
import { folded } from "./html_table.ts";
import { type Html, markup } from "./html_text.ts";

/** Changes of a group, and lines of SQL of a change, that are shown. */
const MOST_CHANGES = 60;
const MOST_LINES = 40;

const MARKS = { added: "+", removed: "−", changed: "~" } as const;

/** What changed since the backup before. */
export function differenceHtml(difference: ReportDifference | null): Html {
  if (difference === null) return markup`<p class="note">There is no backup before that could be compared.</p>`;
  const { before, after, alerts, groups, notes } = difference;
  const shown = groups.filter(({ changes }) => changes.length > 0);
  return markup`
    <p><code>${before}</code> → <code>${after}</code></p>${
    alerts.length === 0
      ? null
      : markup`<ul class="alerts" role="alert">${alerts.map((alert) => markup`<li>${alert}</li>`)}</ul>`
  }${shown.length === 0 ? markup`<p class="good">Nothing changed.</p>` : shown.map(groupHtml)}${
    notes.length === 0 ? null : markup`<ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>`
  }<p
      class="note">All of it: <code>pgstrata diff ${before} ${after}</code></p>
  `;
}

function groupHtml({ title, changes }: DifferenceGroup): Html {
  const items = changes.slice(0, MOST_CHANGES).map(({ change, text, lines }) =>
    markup`<li class="${change}"><span aria-label="${change}">${MARKS[change]}</span> ${text}${
      lines.length === 0 ? null : sqlHtml(lines)
    }</li>`
  );
  const hidden = changes.length - items.length;
  const more = hidden > 0 ? markup`<p class="note">${countText(hidden)} more.</p>` : null;
  return folded(
    `${title} (${countText(changes.length)})`,
    markup`<ul class="changes">${items}</ul>${more}`,
    changes.length <= 12,
  );
}

function sqlHtml(lines: readonly string[]): Html {
  const shown = lines.slice(0, MOST_LINES).map((line) => {
    const mark = line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
    return markup`<span class="${mark}">${line}</span>\n`;
  });
  const hidden = lines.length > MOST_LINES ? markup`<span>… ${lines.length - MOST_LINES} lines</span>` : null;
  return markup`<pre>${shown}${hidden}</pre>`;
}
