/** What people read about backups: summaries as text and Markdown, restore commands, trees. Data in, text out. */
export * from "./backup_details.ts";
export * from "./entry_text.ts";
export * from "./figures.ts";
export * from "./folder_tree.ts";
export * from "./html_data.ts";
export { htmlReport } from "./html_report.ts";
export * from "./prune_text.ts";
export * from "./remote_table.ts";
export * from "./restore_hint.ts";
export * from "./safe_text.ts";
export * from "./shelf_table.ts";
export * from "./shelf_view.ts";
export * from "./short_version.ts";
export * from "./summary.ts";
export * from "./summary_markdown.ts";
export * from "./text_table.ts";
export * from "./time_text.ts";
