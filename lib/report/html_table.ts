import { countText } from "../base/mod.ts";
import { type Html, type HtmlPart, markup } from "./html_text.ts";

/** A column of a table in the report. */
export interface HtmlColumn {
  readonly title: string;
  readonly align?: "right";
}

/** A cell: what is shown, and by what it is sorted. */
export type HtmlCell = HtmlPart | { readonly show: HtmlPart; readonly sort: number };

/** A row, with an id to jump to. */
export interface HtmlRow {
  readonly cells: readonly HtmlCell[];
  readonly id?: string;
  readonly tone?: "good" | "warn" | "bad";
}

/** A table with a caption for screen readers; columns can be sorted. What is left out is said. */
export function htmlTable(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly HtmlRow[],
  options: { readonly most?: number; readonly total?: number } = {},
): Html {
  const most = options.most ?? rows.length;
  const hidden = (options.total ?? rows.length) - Math.min(rows.length, most);
  const head = columns.map(({ title, align }) =>
    markup`<th scope="col" class="${align ?? ""}"><button type="button">${title}</button></th>`
  );
  const body = rows.slice(0, most).map(({ cells, id, tone }) =>
    markup`<tr${
      id === undefined ? null : markup`
        id="${id}" tabindex="-1"
      `
    } class="${tone ?? ""}">${cells.map((cell, index) => cellHtml(cell, columns[index]))}</tr>\n`
  );
  return markup`
    <div class="scroll" tabindex="0" role="group" aria-label="${caption}">
      <table class="sortable">
        <caption>${caption}</caption>
        <thead>
          <tr>${head}</tr>
        </thead>
        <tbody>${body}</tbody>
      </table>
    </div>${
    hidden > 0 ? markup`<p class="note">${countText(hidden)} more are left out to keep this page small.</p>` : null
  }
  `;
}

function cellHtml(cell: HtmlCell, column: HtmlColumn | undefined): Html {
  const [show, sort] = isSortable(cell)
    ? [
      cell.show,
      markup`
        data-sort="${cell.sort}"
      `,
    ]
    : [cell, null];
  return markup`
    <td class="${column?.align ?? ""}" ${sort}>${show}</td>
  `;
}

function isSortable(cell: HtmlCell): cell is { readonly show: HtmlPart; readonly sort: number } {
  return typeof cell === "object" && cell !== null && "sort" in cell;
}

/** Something that is folded away until it is wanted: the table behind a chart. */
export function folded(title: string, content: HtmlPart, open = false): Html {
  return markup`<details${
    open
      ? markup`
        open
      `
      : null
  }><summary>${title}</summary>${content}</details>`;
}
