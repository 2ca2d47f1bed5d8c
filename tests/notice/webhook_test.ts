import { assert, assertEquals } from "@std/assert";
import { Secret } from "../../lib/base/mod.ts";
import { sendWebhook, webhookBody, webhookForm } from "../../lib/notice/mod.ts";
import { failedOutcome, fakeOutcome } from "./fake_outcome.ts";
import { Receiver } from "./receiver.ts";

for (
  const [url, form] of [
    ["https://hooks.slack.com/services/T/B/x", "slack"],
    ["https://discord.com/api/webhooks/1/x", "discord"],
    ["https://canary.discord.com/api/webhooks/1/x", "discord"],
    ["https://discordapp.com/api/webhooks/1/x/slack", "slack"],
    ["https://notdiscord.com/api", "json"],
    ["https://hooks.slack.com.evil.test/x", "json"],
    ["https://example.test/hook", "json"],
  ] as const
) {
  Deno.test(`webhookForm() of ${url} is ${form}`, () => assertEquals(webhookForm(new Secret(url)), form));
}

Deno.test("the JSON form is a versioned document with every fact of the run", () => {
  assertEquals(JSON.parse(webhookBody(fakeOutcome({ label: "daily" }), "json")), {
    version: 1,
    event: "run_finished",
    command: "backup",
    environment: "prod",
    label: "daily",
    status: "complete",
    exitCode: 0,
    startedAt: "2026-03-01T02:00:00.000Z",
    finishedAt: "2026-03-01T02:01:12.000Z",
    duration: 72_000,
    backup: {
      folder: "/backups/20260301_020000_prod",
      bytes: 1_800_000_000,
      rows: 12_345,
      tables: 200,
      schemas: 9,
      warnings: 0,
    },
    error: null,
    verifiedAt: "2026-02-28T02:00:00.000Z",
    drilledAt: null,
    pgstrata: "0.1.0",
    text: "backup of prod (daily) complete: 1.8 GB, 12 345 rows in 200 tables, 1m 12s",
  });
});

Deno.test("the Slack form escapes what Slack would take for control", () => {
  const { text } = JSON.parse(webhookBody(failedOutcome({ error: "<!channel> & more" }), "slack"));
  assertEquals(text, "❌ backup of prod FAILED: exit code 4, 3.0s. &lt;!channel&gt; &amp; more");
});

Deno.test("the Discord form rings nobody and keeps to 2000 characters", () => {
  const body = JSON.parse(webhookBody(failedOutcome({ error: `@everyone ${"x_".repeat(2_000)}` }), "discord"));
  assertEquals(body.allowed_mentions, { parse: [] });
  assertEquals(body.content.length, 2_000);
  assert(body.content.includes("x\\_"), body.content.slice(0, 200));
});

Deno.test("sendWebhook() posts JSON; a receiver that fails once is tried again", async () => {
  await using receiver = new Receiver([502, 204]);
  const retry = { attempts: 3, firstWait: 1, longestWait: 2 };
  await sendWebhook({ url: new Secret(receiver.url("/hook")), form: "auto" }, fakeOutcome(), { retry });
  assertEquals(receiver.received.map(({ path, type }) => [path, type]), [
    ["/hook", "application/json"],
    ["/hook", "application/json"],
  ]);
  assertEquals(JSON.parse(receiver.received[1]?.body ?? "").environment, "prod");
});
