/**
 * PostgreSQL's archive format (PGDMP 1.14 to 1.16): reading, cutting, framing, and the SQL text of entries.
 * Pure: no files, no processes.
 */
export * from "./archive_error.ts";
export * from "./archive_time.ts";
export * from "./block_compressor.ts";
export * from "./blocks.ts";
export * from "./copy_script.ts";
export * from "./copy_text.ts";
export * from "./custom_archive.ts";
export * from "./custom_reader.ts";
export { EntrySqlWriter, ownerStatement } from "./entry_sql.ts";
export { type ArchiveFormat, type ArchiveHeader, archiveVersion, UnknownArchiveVersionError } from "./header.ts";
export * from "./large_objects.ts";
export { type LargeObjectContent, largeObjectsDigest } from "./large_objects_digest.ts";
export { inLoadOrder, type LoadStage, loadStages } from "./parallel_order.ts";
export { checksThatRead } from "./checks_that_read.ts";
export * from "./select_schema.ts";
export { decodeServerText } from "./server_text.ts";
export * from "./sql_script.ts";
export * from "./table_entries.ts";
export {
  describeEntry,
  partitionedParent,
  type TableDataSql,
  type TableDefinitionSql,
  TableSqlWriter,
} from "./table_sql.ts";
export { bytesCodec, type TextCodec, utf8Codec } from "./text_codec.ts";
export * from "./toc.ts";
export type { Section, TocEntry } from "./toc_entry.ts";
