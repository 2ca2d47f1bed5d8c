import type { Secret } from "../base/mod.ts";
import { outcomeLine } from "./outcome_text.ts";
import { post, type PostOptions, readAddress } from "./post.ts";
import type { RunOutcome, RunStatus } from "./run_outcome.ts";

/** Forms of messages that receivers understand. */
export type WebhookForm = "json" | "slack" | "discord";

/** Characters Discord takes at most. */
const DISCORD_LIMIT = 2_000;

const MARK: Readonly<Record<RunStatus, string>> = { complete: "✅", incomplete: "⚠️", failed: "❌" };

/** The form a receiver understands, by its address: Slack's and Discord's hosts, plain JSON for all others. */
export function webhookForm(url: Secret): WebhookForm {
  const { hostname, pathname } = readAddress({ url, purpose: "webhook" });
  if (hostname === "hooks.slack.com" || hostname === "hooks.slack-gov.com") return "slack";
  if (/(?:^|\.)discord(?:app)?\.com$/.test(hostname)) return pathname.endsWith("/slack") ? "slack" : "discord";
  return "json";
}

/** The body of a message. `json` is a stated contract: `version` grows when a reader would misread it. */
export function webhookBody(outcome: RunOutcome, form: WebhookForm): string {
  const line = `${MARK[outcome.status]} ${outcomeLine(outcome)}`;
  switch (form) {
    case "json": {
      const { version: pgstrata, ...facts } = outcome;
      return JSON.stringify({ version: 1, event: "run_finished", ...facts, pgstrata, text: outcomeLine(outcome) });
    }
    case "slack":
      return JSON.stringify({ text: slackText(line) });
    case "discord":
      // Names of a database must not ring anybody: no @everyone.
      return JSON.stringify({ content: cut(discordText(line)), allowed_mentions: { parse: [] } });
  }
}

/** Somebody who is told in a form; `auto` goes by the address. */
export interface Webhook {
  readonly url: Secret;
  readonly form: WebhookForm | "auto";
}

/** Tells one outcome to a webhook. @throws {NoticeError} */
export async function sendWebhook({ url, form }: Webhook, outcome: RunOutcome, options?: PostOptions): Promise<void> {
  const body = webhookBody(outcome, form === "auto" ? webhookForm(url) : form);
  await post({ url, purpose: "webhook", contentType: "application/json", body }, options);
}

/** Slack's three characters of control. */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function discordText(text: string): string {
  return text.replaceAll(/[\\`*_~|>]/g, "\\$&");
}

function cut(text: string): string {
  return text.length <= DISCORD_LIMIT ? text : `${text.slice(0, DISCORD_LIMIT - 1)}…`;
}
