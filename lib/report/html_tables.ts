import { counted, countText, sizeText } from "../base/mod.ts";
import { tableName } from "./figures.ts";
import { legend } from "./html_chart.ts";
import type { GrowthSample, TableSize } from "./html_data.ts";
import { schemaSizes } from "./html_growth.ts";
import { folded, htmlTable } from "./html_table.ts";
import { type Html, markup, px } from "./html_text.ts";
import { type Tile, treemap } from "./html_treemap.ts";

/** Tables that get a tile of their own. */
const MOST_TILES = 150;

/** Tables that are listed. */
const MOST_ROWS = 200;

const BOX = { x: 0, y: 0, width: 960, height: 440 };

/** Room for a schema's name above its tables. */
const TITLE = 18;

/** What fills the newest backup: a tile per table, inside its schema. */
export function newestTablesHtml({ tables }: GrowthSample): Html {
  const all = [...tables.values()].sort((a, b) => b.bytes - a.bytes);
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) return markup`<p class="note">The newest backup holds no rows.</p>`;
  const big = all.slice(0, MOST_TILES);
  const schemas = [...schemaSizes(all).values()].sort((a, b) => b.bytes - a.bytes);
  const tiles = treemap(schemas.map((schema) => ({ value: schema.bytes, item: schema })), BOX);
  const drawn = tiles.map((tile, index) => schemaTile(tile, big, `s${Math.min(index, 8)}`, total));
  const rows = all.map(({ schema, name, bytes, rows: count }) => ({
    cells: [
      tableName({ schema, name }),
      { show: sizeText(bytes), sort: bytes },
      { show: `${(bytes / total * 100).toFixed(1)}%`, sort: bytes },
      { show: countText(count), sort: count },
    ],
  }));
  const columns = [
    { title: "Table" },
    { title: "Data", align: "right" },
    { title: "Share", align: "right" },
    { title: "Rows", align: "right" },
  ] as const;
  return markup`<figure><figcaption>COPY data of ${counted(all.length, "table")}, ${
    sizeText(total)
  }</figcaption><svg class="chart treemap" viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" tabindex="0" aria-label="Tables of the newest backup by size. Arrow keys show the values; the table below has them all.">${drawn}</svg>${
    legend(
      schemas.slice(0, 9).map(({ schema }, index) => ({
        name: index === 8 ? "others" : schema,
        className: `fill-s${index}`,
      })),
    )
  }</figure>${folded("The tables", htmlTable("Tables of the newest backup", columns, rows, { most: MOST_ROWS }))}`;
}

function schemaTile(
  { x, y, width, height, item: schema }: Tile<TableSize>,
  big: readonly TableSize[],
  className: string,
  total: number,
): Html {
  const own = big.filter((table) => table.schema === schema.schema);
  const rest = schema.bytes - own.reduce((sum, { bytes }) => sum + bytes, 0);
  const items = [...own, ...rest > 0 ? [{ schema: schema.schema, name: "", bytes: rest, rows: 0 }] : []];
  const hasTitle = height > 3 * TITLE && width > 60;
  const inner = {
    x: x + 1,
    y: y + (hasTitle ? TITLE : 1),
    width: width - 2,
    height: height - (hasTitle ? TITLE + 1 : 2),
  };
  if (inner.width <= 0 || inner.height <= 0) return markup``;
  const tiles = treemap(items.map((item) => ({ value: item.bytes, item })), inner);
  const title = hasTitle
    ? markup`<text class="schema-name" x="${px(x + 5)}" y="${px(y + 13)}">${cut(schema.schema, width - 10)}</text>`
    : null;
  return markup`<g>${title}${tiles.map((tile) => tableTile(tile, className, total))}</g>`;
}

function tableTile({ x, y, width, height, item }: Tile<TableSize>, className: string, total: number): Html {
  const name = item.name === "" ? "smaller tables" : item.name;
  const tip = `${item.schema}.${name} — ${sizeText(item.bytes)}, ${(item.bytes / total * 100).toFixed(1)}%${
    item.name === "" ? "" : `, ${counted(item.rows, "row")}`
  }`;
  const text = width > 44 && height > 18
    ? markup`<text x="${px(x + 5)}" y="${px(y + 14)}">${cut(name, width - 10)}</text>`
    : null;
  const size = text !== null && height > 36
    ? markup`<text class="small" x="${px(x + 5)}" y="${px(y + 29)}">${sizeText(item.bytes)}</text>`
    : null;
  return markup`
    <g
      data-tip="${tip}"><rect class="tile fill-${className}" x="${px(x)}" y="${px(y)}" width="${
    px(
      Math.max(0, width - 1),
    )
  }" height="${px(Math.max(0, height - 1))}"/>${text}${size}</g>
  `;
}

/** A name cut to a width, at about seven units a letter. */
function cut(name: string, width: number): string {
  const most = Math.max(1, Math.floor(width / 6.8));
  const letters = [...name];
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join("")}…`;
}
