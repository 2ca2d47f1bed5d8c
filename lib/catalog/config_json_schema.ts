import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "./config_schema.ts";

/**
 * The JSON Schema of `pgstrata.json`, for editors, as the text of a file.
 * Not behind the room's door: only what is shipped is made with it, the tool itself does not need it.
 */
export function configJsonSchemaText(): string {
  // What only code can check (that a rule keeps something, what a text becomes) has no place in a JSON Schema.
  const schema = toJsonSchema(configSchema, { typeMode: "input", errorMode: "ignore" });
  return `${
    JSON.stringify({ ...schema, title: "pgstrata.json", description: "Configuration of pgstrata." }, null, 2)
  }\n`;
}
