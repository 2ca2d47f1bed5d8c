/**
 * Writes the JSON Schema of `pgstrata.json` to `lib/catalog/pgstrata.schema.json`, for editors:
 *
 *     deno run --allow-read --allow-write scripts/config_schema.ts
 */
import { fromFileUrl } from "@std/path";
import { configJsonSchemaText } from "../lib/catalog/config_json_schema.ts";

/** Where the schema stands in the repository. */
export const CONFIG_SCHEMA_FILE: string = fromFileUrl(new URL("../lib/catalog/pgstrata.schema.json", import.meta.url));

if (import.meta.main) await Deno.writeTextFile(CONFIG_SCHEMA_FILE, configJsonSchemaText());
