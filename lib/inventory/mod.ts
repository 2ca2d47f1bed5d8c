/** What is in a database, as typed rows: server, extensions, view options, relations, privileges, objects. */
export * from "./access_list.ts";
export * from "./catalog_objects.ts";
export * from "./extensions.ts";
export * from "./extension_objects.ts";
export * from "./name_pattern.ts";
export * from "./privileges.ts";
export * from "./relations.ts";
export * from "./server_facts.ts";
export * from "./tsv.ts";
export * from "./view_options.ts";
export * from "./schemas.ts";
export * from "./dump_environment.ts";
