import { countText, durationText, sizeText } from "../base/mod.ts";
import type { Manifest } from "../catalog/mod.ts";
import { byName, bySize, type Figures, schemaState, tableName } from "./figures.ts";
import { type Column, textTable, textWidth } from "./text_table.ts";

/** Every schema: status, tables, rows, sizes, time, archive. The archive's path only if it fits into the columns. */
export function schemaLines(manifest: Manifest, figures: Figures, columns: number): string[] {
  const rows = [...manifest.schemas].sort(byName).map((schema) => [
    schema.name,
    schemaState(manifest, schema),
    countText(schema.tables),
    countText(schema.rows),
    schema.archive === null ? "-" : sizeText(schema.archiveBytes),
    manifest.tiers.includes("table") ? sizeText(schema.tableBytes) : "-",
    durationText(schema.duration),
    schema.archive ?? "-",
  ]);
  const total = [
    "total",
    "",
    countText(manifest.tables.length),
    countText(figures.rows),
    sizeText(figures.tierBytes.schema),
    sizeText(figures.tierBytes.table),
  ];
  const titles: Column[] = [
    { title: "schema", widest: 40 },
    { title: "status" },
    { title: "tables", align: "right" },
    { title: "rows", align: "right" },
    { title: "archive", align: "right" },
    { title: "table files", align: "right" },
    { title: "time", align: "right" },
    { title: "archive file", widest: 120 },
  ];
  const all = rows.length > 1 ? [...rows, total] : rows;
  const whole = textTable(titles, all, 2);
  const table = whole.every((line) => textWidth(line) <= columns) ? whole : [
    ...textTable(titles.slice(0, -1), all, 2),
    "  Each archive is in its schema's folder; summary.txt names them all.",
  ];
  return [`Schemas (${manifest.schemas.length})`, ...table];
}

/** The biggest tables: rows, bytes of data, size on the server. */
export function tableLines(manifest: Manifest, most: number): string[] {
  if (manifest.tables.length === 0) return [];
  const shown = [...manifest.tables].sort(bySize).slice(0, most);
  const left = manifest.tables.length - shown.length;
  const rows = shown.map((table) => [
    tableName(table),
    table.rows === null ? "-" : countText(table.rows),
    table.bytes === null ? "-" : sizeText(table.bytes),
    sizeText(table.totalBytes),
    tableNote(table),
  ]);
  const table = textTable(
    [
      { title: "table", widest: 70 },
      { title: "rows", align: "right" },
      { title: "data", align: "right" },
      { title: "on server", align: "right" },
      { title: "" },
    ],
    rows,
    2,
  );
  const title = left > 0 ? `Biggest tables (${shown.length} of ${manifest.tables.length})` : `Tables (${shown.length})`;
  return [title, ...table];
}

function tableNote({ kind, source, rows }: Manifest["tables"][number]): string {
  if (kind === "partitioned_table") return "partitioned";
  if (kind === "foreign_table") return "foreign";
  if (source === "copy") return "of an extension: in the table tier only";
  return rows === null ? "no rows taken" : "";
}

/** Every tier: size, number and format of its files. The names of single files only if they fit into the columns. */
export function fileLines(manifest: Manifest, figures: Figures, columns = Infinity): string[] {
  const { compression } = manifest.client;
  const { tierBytes, tierFiles, totalBytes } = figures;
  const full = manifest.files.find(({ tier }) => tier === "full");
  const rows: string[][] = [];
  if (full !== undefined) {
    rows.push(["full", sizeText(tierBytes.full), "1", `${full.path}, custom format, ${compression}`]);
  }
  if (manifest.tiers.includes("schema")) {
    rows.push(["schema", sizeText(tierBytes.schema), String(tierFiles.schema), `custom format, ${compression}`]);
  }
  if (manifest.tiers.includes("table")) {
    rows.push([
      "table",
      sizeText(tierBytes.table),
      String(tierFiles.table),
      "plain SQL: schema.sql, data.sql per table",
    ]);
  }
  const root = manifest.files.filter(({ tier }) => tier === "root").map(({ path }) => path);
  const shown = root.filter((path) => !path.includes("/"));
  const others = (names: string) =>
    root.length > 0 ? [["other", sizeText(tierBytes.root), String(root.length), names]] : [];
  const files = String(Object.values(tierFiles).reduce((sum, each) => sum + each, 0));
  const total = ["total", sizeText(totalBytes), files];
  const titles: Column[] = [
    { title: "tier" },
    { title: "size", align: "right" },
    { title: "files", align: "right" },
    { title: "format", widest: 120 },
  ];
  const whole = textTable(titles, [...rows, ...others(shown.join(" ")), total], 2);
  const table = whole.every((line) => textWidth(line) <= columns)
    ? whole
    : textTable(titles, [...rows, ...others("roles, all definitions, versions"), total], 2);
  return ["Files", ...table];
}
