import { resolve } from "@std/path";
import { PgstrataError, Secret } from "../lib/base/mod.ts";
import type { NoticeConfig } from "../lib/catalog/mod.ts";
import type { RunStatus, Webhook } from "../lib/notice/mod.ts";
import type { OptionValues } from "./command.ts";
import type { NOTICE_OPTIONS } from "./commands/notice_options.ts";

/** A webhook, and the ends it is told about. */
export interface PlannedWebhook extends Webhook {
  readonly on: ReadonlySet<RunStatus>;
}

/** Who is told how a run ends. */
export interface NoticePlan {
  readonly ping: Secret | null;
  readonly webhooks: readonly PlannedWebhook[];
  /** Absolute. */
  readonly metricsFile: string | null;
  /** Addresses that must not be seen: their paths are keys. */
  readonly secrets: readonly Secret[];
  readonly warnings: readonly string[];
}

const STATUS: Readonly<Record<NoticeConfig["on"][number], RunStatus>> = {
  success: "complete",
  incomplete: "incomplete",
  failure: "failed",
};

const ALWAYS: ReadonlySet<RunStatus> = new Set(["complete", "incomplete", "failed"]);

/**
 * Who is told, by options, `pgstrata.json` and environment.
 *
 * @throws {PgstrataError} code `usage` when a variable that an option names is not set; one that the configuration
 *   names is only warned of: a backup is worth more than a message
 */
export function noticePlan(
  options: OptionValues<typeof NOTICE_OPTIONS>,
  notices: readonly NoticeConfig[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): NoticePlan {
  const warnings: string[] = [];
  const form = options["webhook-form"];
  const webhooks: PlannedWebhook[] = options.webhook.map((url) => ({ url: new Secret(url), form, on: ALWAYS }));
  for (const name of options["webhook-env"]) {
    const url = env[name];
    if (!url) {
      throw new PgstrataError(`Cannot read --webhook-env ${name}: the variable is not set or empty`, {
        code: "usage",
        hint: `Set ${name} to the webhook's address, in the environment or in .env.`,
      });
    }
    webhooks.push({ url: new Secret(url), form, on: ALWAYS });
  }
  for (const { on, webhookEnv } of notices) {
    const url = env[webhookEnv];
    if (url) webhooks.push({ url: new Secret(url), form: "auto", on: new Set(on.map((word) => STATUS[word])) });
    else warnings.push(`pgstrata.json wants a notice to ${webhookEnv}, which is not set: nobody is told`);
  }
  if (options.webhook.length > 0) {
    warnings.push(
      "The address in --webhook can be read by everybody on this machine while pgstrata runs. " +
        "At Slack and Discord it is a secret: use --webhook-env NAME instead.",
    );
  }
  const file = options["metrics-file"];
  if (file !== undefined && !file.endsWith(".prom")) {
    warnings.push(`${file} does not end in .prom: node_exporter's textfile collector will pass it over`);
  }
  const address = options.ping ?? (env["PGSTRATA_PING_URL"] || undefined);
  const ping = address === undefined ? null : new Secret(address);
  return {
    ping,
    webhooks,
    metricsFile: file === undefined ? null : resolve(cwd, file),
    secrets: [...webhooks.map(({ url }) => url), ...ping === null ? [] : [ping]],
    warnings,
  };
}
