import { assertEquals } from "@std/assert";
import { configJsonSchemaText } from "../../lib/catalog/config_json_schema.ts";
import { CONFIG_SCHEMA_FILE } from "../../scripts/config_schema.ts";

Deno.test("the JSON Schema of pgstrata.json in the repository is current", async () => {
  assertEquals(
    await Deno.readTextFile(CONFIG_SCHEMA_FILE),
    configJsonSchemaText(),
    "write it anew: deno run --allow-read --allow-write scripts/config_schema.ts",
  );
});
