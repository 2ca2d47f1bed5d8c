/** What people read about backups: summaries as text and Markdown, restore commands, trees. Data in, text out. */
export * from "./figures.ts";
export * from "./folder_tree.ts";
export * from "./restore_hint.ts";
export * from "./safe_text.ts";
export * from "./summary.ts";
export * from "./summary_markdown.ts";
export * from "./text_table.ts";
