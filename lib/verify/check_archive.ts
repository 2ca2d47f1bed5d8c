import { bytesCodec, largeObjectsDigest, type Toc, type TocEntry, utf8Codec } from "../archive/mod.ts";
import { counted, countText, qualifiedName } from "../base/mod.ts";
import type { Manifest, ManifestTable } from "../catalog/mod.ts";
import type { FindingList } from "./finding_list.ts";
import type { ScannedArchive } from "./verify_job.ts";

/** Compares what was read of an archive with the manifest. */
export function checkArchive(
  path: string,
  scan: ScannedArchive,
  manifest: Manifest | null,
  schema: string | null,
  list: FindingList,
): void {
  const entries = new Map((scan.toc?.entries ?? []).map((entry) => [entry.dumpId, entry]));
  for (const { message, offset, dumpId } of scan.findings) {
    const entry = dumpId === null ? undefined : entries.get(dumpId);
    const table = entry?.desc === "TABLE DATA" ? qualifiedName(entry.namespace ?? "", entry.tag ?? "") : null;
    const place = offset ?? (entry?.dataOffset?.state === 2 ? entry.dataOffset.position : null);
    list.damage("format", path, message.replace(/^Cannot read the archive: /, ""), { offset: place, table });
  }
  if (scan.unread !== null) list.notVerified.push({ file: path, reason: scan.unread });
  for (const [dumpId, { rows }] of scan.tables) {
    const entry = entries.get(dumpId);
    list.rows.set(qualifiedName(entry?.namespace ?? "", entry?.tag ?? ""), rows);
  }
  if (scan.toc === null || manifest === null) return;
  const isDamaged = scan.findings.length > 0;
  checkTables(path, scan, manifest, schema, isDamaged, list);
  if (schema === null && scan.unread === null && !isDamaged) checkLargeObjects(path, scan, manifest, list);
}

function checkTables(
  path: string,
  scan: ScannedArchive,
  manifest: Manifest,
  schema: string | null,
  isDamaged: boolean,
  list: FindingList,
): void {
  const data = new Map<number, TocEntry>();
  for (const entry of scan.toc?.entries ?? []) if (entry.desc === "TABLE DATA") data.set(Number(entry.oid), entry);
  const expected = manifest.tables.filter((table) =>
    table.source === "archive" && (schema === null || table.schema === schema)
  );
  for (const table of expected) {
    const entry = data.get(table.oid);
    const name = qualifiedName(table.schema, table.name);
    data.delete(table.oid);
    if (entry === undefined) {
      list.damage("rows", path, `the rows of ${name} are missing`, { table: name });
      continue;
    }
    const offset = entry.dataOffset?.state === 2 ? entry.dataOffset.position : null;
    const content = scan.tables.get(entry.dumpId);
    if (content === undefined) {
      // Damage that ended the reading has been told already.
      if (scan.unread === null && !isDamaged) {
        list.damage("rows", path, `the rows of ${name} are missing`, { table: name, offset });
      }
    } else if (content.sha256 !== table.sha256 || content.rows !== table.rows || content.bytes !== table.bytes) {
      list.damage("rows", path, rowsMessage(content, table), { table: name, offset });
    }
    if (entry.copyStmt !== null && table.copyStatement !== null && !sameText(entry.copyStmt, table.copyStatement)) {
      list.damage("rows", path, "the COPY statement is not the one in the manifest", { table: name });
    }
  }
  for (const entry of data.values()) {
    if (!entry.hasData) continue;
    const name = qualifiedName(entry.namespace ?? "", entry.tag ?? "");
    list.damage("rows", path, `has rows of ${name}, which the manifest does not have`, { table: name });
  }
}

/** What differs between rows that were read and those of the manifest. */
export function rowsMessage(
  content: { readonly rows: number; readonly bytes: number },
  { rows, bytes }: Pick<ManifestTable, "rows" | "bytes">,
): string {
  if (content.rows !== rows) return `${counted(content.rows, "row")} instead of ${countText(rows ?? 0)}`;
  if (content.bytes !== bytes) return `${countText(content.bytes)} bytes of rows instead of ${countText(bytes ?? 0)}`;
  return "its rows are not those of the manifest (SHA-256)";
}

function checkLargeObjects(path: string, scan: ScannedArchive, manifest: Manifest, list: FindingList): void {
  if (manifest.client.engine !== "archive") return;
  const { count, bytes, sha256 } = largeObjectsDigest(scan.largeObjects);
  const wanted = manifest.largeObjects;
  if (sha256 === wanted.sha256) return;
  const message = count === wanted.count && bytes === wanted.bytes
    ? "the large objects are not those of the manifest (SHA-256)"
    : `${counted(count, "large object")} with ${countText(bytes)} bytes instead of ` +
      `${countText(wanted.count)} with ${countText(wanted.bytes)}`;
  list.damage("large_objects", path, message);
}

/** Every entry of a schema's archive must be the full archive's. */
export function checkSchemaEntries(
  path: string,
  schema: ScannedArchive,
  full: ScannedArchive,
  list: FindingList,
): void {
  const entries = new Map((full.toc?.entries ?? []).map((entry) => [entry.dumpId, entry]));
  for (const entry of schema.toc?.entries ?? []) {
    const other = entries.get(entry.dumpId);
    if (other !== undefined && comparable(entry, schema) === comparable(other, full)) continue;
    const name = qualifiedName(entry.namespace ?? "", entry.tag ?? "");
    list.damage("definitions", path, `${entry.desc} ${name} is not as in the full archive`, {
      table: entry.desc.startsWith("TABLE") ? name : null,
    });
  }
}

/** Offsets differ, and dependencies that were cut off; all of one archive may be UTF-8, and not all of the other. */
function comparable(entry: TocEntry, { toc }: ScannedArchive): string {
  const text = JSON.stringify({ ...entry, dataOffset: null, dependencies: null });
  return toc?.codec === "utf8" ? bytesCodec.decode(utf8Codec.encode(text)) : text;
}

/** The table of contents with its codec. */
export function tocOf(scan: ScannedArchive): Toc | null {
  if (scan.toc === null) return null;
  return { ...scan.toc, codec: scan.toc.codec === "utf8" ? utf8Codec : bytesCodec };
}

/** Names of a database that is not UTF-8 are bytes in the archive and text in the manifest. */
function sameText(inArchive: string, inManifest: string): boolean {
  return inArchive === inManifest || bytesCodec.encode(inArchive).some((byte) => byte > 127);
}
