import { countText, sizeText } from "../base/mod.ts";
import { tableName } from "./figures.ts";
import { chart, legend, timeScales, WIDE } from "./html_chart.ts";
import { type GrowthSample, sizeKey, type TableSize } from "./html_data.ts";
import { type HtmlCell, htmlTable } from "./html_table.ts";
import { type Html, markup, px } from "./html_text.ts";
import { linearScale } from "./html_scale.ts";
import { spanOf } from "./html_timeline.ts";
import { minuteText } from "./time_text.ts";

/** Schemas with a colour of their own; the others are one area. */
const MOST_SCHEMAS = 7;

/** Tables of the list of what grew most. */
const MOST_TABLES = 25;

/** How the data grew: areas by schema, and the tables that changed most. */
export function growthHtml(samples: readonly GrowthSample[]): Html {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) {
    return markup`<p class="note">Growth shows from the second backup on.</p>`;
  }
  return markup`<figure><figcaption>COPY data by schema</figcaption>${schemaChart(samples)}</figure>${
    schemaTable(first, last)
  }${tableTable(samples, first, last)}`;
}

function schemaChart(samples: readonly GrowthSample[]): Html {
  const bySample = samples.map(({ tables }) => schemaSizes(tables.values()));
  const newest = bySample.at(-1) ?? new Map<string, TableSize>();
  const most = (name: string) => Math.max(...bySample.map((sizes) => sizes.get(name)?.bytes ?? 0));
  const names = [...new Set(bySample.flatMap((sizes) => [...sizes.keys()]))].sort((a, b) => most(b) - most(a));
  const shown = names.slice(0, MOST_SCHEMAS);
  const layers = [
    ...shown.map((name, index) => ({ name, className: `s${index}`, members: [name] })),
    ...names.length > shown.length ? [{ name: "others", className: "s8", members: names.slice(MOST_SCHEMAS) }] : [],
  ];
  const sizeOf = (sizes: ReadonlyMap<string, TableSize>, members: readonly string[]) =>
    members.reduce((sum, name) => sum + (sizes.get(name)?.bytes ?? 0), 0);
  const totals = bySample.map((sizes) => sizeOf(sizes, names));
  const frame = WIDE;
  const times = samples.map(({ time }) => time.getTime());
  const { x, y, axes } = timeScales(frame, spanOf(times), Math.max(...totals), sizeText);
  const below = samples.map(() => 0);
  const areas = layers.map(({ name, className, members }) => {
    const bottom = below.map((value, index) => `${px(x(times[index] ?? 0))} ${px(y(value))}`);
    for (const [index, sizes] of bySample.entries()) below[index] = (below[index] ?? 0) + sizeOf(sizes, members);
    const top = below.map((value, index) => `${px(x(times[index] ?? 0))} ${px(y(value))}`);
    return markup`
      <path class="area fill-${className}" d="M${top.join("L")}L${bottom.reverse().join("L")}Z"
        data-tip="${name}: ${sizeText(sizeOf(newest, members))} in the newest backup" />
    `;
  });
  const dots = samples.map(({ time }, index) =>
    markup`
      <circle class="dot total" cx="${px(x(time.getTime()))}" cy="${
      px(
        y(totals[index] ?? 0),
      )
    }" r="2.4" data-tip="${minuteText(time)} UTC — ${sizeText(totals[index] ?? 0)}" />
    `
  );
  return markup`${chart(frame, `Data by schema in ${samples.length} backups`, markup`${axes}${areas}${dots}`)}${
    legend(layers.map(({ name, className }) => ({ name, className: `fill-${className}` })))
  }`;
}

/** Sizes by schema. */
export function schemaSizes(tables: Iterable<TableSize>): Map<string, TableSize> {
  const sizes = new Map<string, TableSize>();
  for (const { schema, bytes, rows } of tables) {
    const sum = sizes.get(schema);
    sizes.set(schema, { schema, name: "", bytes: (sum?.bytes ?? 0) + bytes, rows: (sum?.rows ?? 0) + rows });
  }
  return sizes;
}

const COLUMNS = [
  { title: "Oldest shown", align: "right" },
  { title: "Newest", align: "right" },
  { title: "Change", align: "right" },
  { title: "%", align: "right" },
  { title: "Rows", align: "right" },
] as const;

function schemaTable(first: GrowthSample, last: GrowthSample): Html {
  const [old, now] = [schemaSizes(first.tables.values()), schemaSizes(last.tables.values())];
  const rows = [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ name, change: (now.get(name)?.bytes ?? 0) - (old.get(name)?.bytes ?? 0) }))
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change))
    .map(({ name }) => ({ cells: [name, ...changeCells(old.get(name), now.get(name))] }));
  return htmlTable("Growth by schema", [{ title: "Schema" }, ...COLUMNS], rows, { most: MOST_TABLES });
}

function tableTable(samples: readonly GrowthSample[], first: GrowthSample, last: GrowthSample): Html {
  const keys = new Set([...first.tables.keys(), ...last.tables.keys()]);
  const changed = [...keys].map((key) => {
    const [before, after] = [first.tables.get(key), last.tables.get(key)];
    return { key, before, after, change: (after?.bytes ?? 0) - (before?.bytes ?? 0) };
  }).filter(({ change }) => change !== 0).sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  if (changed.length === 0) return markup`<p class="note">No table changed its size.</p>`;
  const rows = changed.slice(0, MOST_TABLES).map(({ before, after }) => {
    const { schema, name } = after ?? before ?? { schema: "", name: "" };
    const values = samples.map(({ tables }) => tables.get(sizeKey(schema, name))?.bytes ?? 0);
    return { cells: [tableName({ schema, name }), ...changeCells(before, after), sparkline(values)] };
  });
  const columns = [{ title: "Table" }, ...COLUMNS, { title: "Course" }];
  return htmlTable("What grew or shrank most", columns, rows, { total: changed.length });
}

function changeCells(before: TableSize | undefined, after: TableSize | undefined): HtmlCell[] {
  const [old, now] = [before?.bytes ?? 0, after?.bytes ?? 0];
  const change = now - old;
  const percent = old === 0 ? null : change / old * 100;
  const rows = (after?.rows ?? 0) - (before?.rows ?? 0);
  const sign = (value: number, text: string) => value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
  return [
    { show: before === undefined ? "—" : sizeText(old), sort: old },
    { show: after === undefined ? "gone" : sizeText(now), sort: now },
    { show: sign(change, sizeText(Math.abs(change))), sort: change },
    { show: percent === null ? "new" : sign(change, `${Math.abs(percent).toFixed(1)}%`), sort: percent ?? Infinity },
    { show: sign(rows, countText(Math.abs(rows))), sort: rows },
  ];
}

function sparkline(values: readonly number[]): Html {
  const x = linearScale([0, values.length - 1], [1, 79]);
  const y = linearScale([0, Math.max(...values, 1)], [17, 2]);
  const points = values.map((value, index) => `${px(x(index))},${px(y(value))}`).join(" ");
  return markup`
    <svg class="spark" viewBox="0 0 80 18" aria-hidden="true">
      <polyline points="${points}" />
    </svg>
  `;
}
