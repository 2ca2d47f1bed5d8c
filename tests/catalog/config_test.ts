import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { parseConfig, readConfig } from "../../lib/catalog/config.ts";
import { configJsonSchemaText } from "../../lib/catalog/config_json_schema.ts";
import { parsePeriod } from "../../lib/catalog/config_schema.ts";
import { DEFAULT_POLICY, KINDS_POLICY } from "../../lib/catalog/retention_policy.ts";
import { TempFolder } from "../../lib/system/mod.ts";

Deno.test("an empty pgstrata.json, and none, is all defaults", async () => {
  const config = parseConfig("{}");
  assertEquals(config, {
    retention: DEFAULT_POLICY,
    storage: [],
    recipients: { age: [], gpg: [] },
    excludedSchemas: [],
    expectedOmissions: [],
    notices: [],
  });
  assertEquals(await readConfig("/nowhere/pgstrata.json"), config);
});

Deno.test("own retention rules come before those of the policy", () => {
  const { retention } = parseConfig(JSON.stringify({
    retention: {
      policy: "kinds",
      rules: [{ environment: "prod", daily: 7, monthly: 12, keepFor: "2w", then: "cold", reviewEvery: "1y" }],
      maxSize: "500GB",
      smallestShare: 0.9,
    },
  }));
  assertEquals(retention, {
    rules: [
      {
        environment: "prod",
        keepFor: { unit: "days", count: 14 },
        slots: { daily: 7, monthly: 12 },
        then: "cold",
        reviewEvery: { unit: "months", count: 12 },
      },
      ...KINDS_POLICY.rules,
    ],
    maxBytes: 500e9,
    smallestShare: 0.9,
  });
});

Deno.test("storage, recipients, exclusions and notices come out as they were given", () => {
  const given = {
    storage: [{ name: "cold", url: "s3://bucket/prod", endpoint: "https://s3.example.org", minimumDays: 90 }],
    recipients: { age: ["age1xyz"], gpg: [] },
    excludedSchemas: ["tmp*"],
    expectedOmissions: ["net.http_request_queue"],
    notices: [{ on: ["failure" as const], webhookEnv: "BACKUP_WEBHOOK" }],
  };
  const { retention: _, ...config } = parseConfig(JSON.stringify({ $schema: "./pgstrata.schema.json", ...given }));
  assertEquals(config, given);
});

const UNKNOWN = [
  [{ retentoin: {} }, "retentoin", "retention"],
  [{ retention: { rule: [] } }, "retention.rule", "rules"],
  [{ retention: { rules: [{ keepLast: 1 }, { keeplast: 1 }] } }, "retention.rules.1.keeplast", "keepLast"],
  [{ recipients: { gpp: [] } }, "recipients.gpp", "gpg"],
  [{ storage: [{ name: "a", url: "s3://b", buckt: 1, region: "x" }] }, "storage.0.buckt", "url"],
] as const;

for (const [data, where, meant] of UNKNOWN) {
  Deno.test(`parseConfig() refuses the unknown name ${where}`, () => {
    const error = assertThrows(() => parseConfig(JSON.stringify(data)), PgstrataError);
    assertEquals([error.code, error.message], ["usage", `Cannot read pgstrata.json: ${where} is unknown`]);
    if (where !== "storage.0.buckt") assertEquals(error.hint?.split("?")[0], `Did you mean ${meant}`);
  });
}

const WRONG = [
  [5, "the whole"],
  [{ retention: { rules: [{}] } }, "retention.rules.0"],
  [{ retention: { rules: [{ keepLast: 0 }] } }, "retention.rules.0.keepLast"],
  [{ retention: { rules: [{ keepFor: "soon" }] } }, "retention.rules.0.keepFor"],
  [{ retention: { rules: [{ forever: false, label: "x" }] } }, "retention.rules.0"],
  [{ retention: { maxSize: "much" } }, "retention.maxSize"],
  [{ retention: { smallestShare: 2 } }, "retention.smallestShare"],
  [{ storage: [{ name: "x", url: "s3://key:secret@bucket" }] }, "storage.0.url"],
  [{ storage: [{ name: "x", url: "s3://a" }, { name: "x", url: "s3://b" }] }, "storage"],
  [{ notices: [{ on: [], webhookEnv: "X" }] }, "notices.0.on"],
  [{ notices: [{ on: ["failure"], webhookEnv: "https://hooks.example.org/secret" }] }, "notices.0.webhookEnv"],
] as const;

for (const [data, where] of WRONG) {
  Deno.test(`parseConfig() refuses ${JSON.stringify(data)}`, () => {
    const error = assertThrows(() => parseConfig(JSON.stringify(data)), PgstrataError);
    assertEquals([error.code, error.message], [
      "usage",
      `Cannot read pgstrata.json: ${where} is not what it should be`,
    ]);
  });
}

Deno.test("readConfig() names the file that is not JSON", async () => {
  await using temp = await TempFolder.create();
  const file = `${temp.path}/pgstrata.json`;
  await Deno.writeTextFile(file, "{ // comment\n}");
  const error = await assertRejects(() => readConfig(file), PgstrataError);
  assertEquals([error.code, error.message], ["usage", `Cannot read ${file}: it is not JSON`]);
});

Deno.test("parsePeriod() reads days, weeks, months and years", () => {
  assertEquals(["30d", "4w", "6mo", "1y", "0d", "6m", "d", "1.5d"].map(parsePeriod), [
    { unit: "days", count: 30 },
    { unit: "days", count: 28 },
    { unit: "months", count: 6 },
    { unit: "months", count: 12 },
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("the JSON Schema knows every name and takes no other", () => {
  const schema = JSON.parse(configJsonSchemaText());
  assertEquals(Object.keys(schema.properties), [
    "$schema",
    "retention",
    "storage",
    "recipients",
    "excludedSchemas",
    "expectedOmissions",
    "notices",
  ]);
  assertEquals(schema.additionalProperties, false);
  const rule = schema.properties.retention.properties.rules.items;
  assertEquals([rule.additionalProperties, rule.properties.then.enum], [false, ["delete", "review", "cold"]]);
  assertEquals(schema.properties.storage.items.required, ["name", "url"]);
});
