import * as v from "valibot";
import { parseSize } from "../base/mod.ts";
import type { Period } from "./period.ts";
import {
  DEFAULT_POLICY,
  KINDS_POLICY,
  type RetentionPolicy,
  type RetentionRule,
  SMALLEST_SHARE,
} from "./retention_policy.ts";

const PERIOD_UNITS: Readonly<Record<string, Period>> = {
  d: { unit: "days", count: 1 },
  w: { unit: "days", count: 7 },
  mo: { unit: "months", count: 1 },
  y: { unit: "months", count: 12 },
};

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const times = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const periodText = v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,3}(?:d|w|mo|y)$/, "must be like 30d, 4w, 6mo or 1y"));
const sizeText = v.pipe(
  v.string(),
  v.regex(/^[0-9]+(?:\.[0-9]+)?\s*(?:[kmgt]i?b?|b)?$/i, "must be like 500MB, 2GiB or 1TB"),
);
const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable"));

const retentionRule = v.pipe(
  v.strictObject({
    environment: v.optional(v.pipe(text, v.description("Environments it is for; * stands for any text."))),
    label: v.optional(v.pipe(text, v.description("Labels it is for; * stands for any text."))),
    keepLast: v.optional(v.pipe(times, v.description("Keep this many of the newest."))),
    keepFor: v.optional(v.pipe(periodText, v.description("Keep what is younger: 30d, 4w, 6mo, 1y."))),
    hourly: v.optional(v.pipe(times, v.description("Keep the newest of each of the last hours with backups."))),
    daily: v.optional(v.pipe(times, v.description("The same for days."))),
    weekly: v.optional(v.pipe(times, v.description("The same for weeks, from Monday."))),
    monthly: v.optional(v.pipe(times, v.description("The same for months."))),
    yearly: v.optional(v.pipe(times, v.description("The same for years."))),
    forever: v.optional(v.pipe(v.boolean(), v.description("Keep all."))),
    then: v.optional(
      v.pipe(
        v.picklist(["delete", "review", "cold"]),
        v.description("What becomes of a backup nothing keeps any more. Default: delete."),
      ),
    ),
    reviewEvery: v.optional(v.pipe(periodText, v.description("Say that backups this old are due for review."))),
  }),
  v.check(
    (rule) => {
      const { keepLast, keepFor, hourly, daily, weekly, monthly, yearly, forever } = rule;
      return [keepLast, keepFor, hourly, daily, weekly, monthly, yearly].some((part) => part !== undefined) ||
        forever === true;
    },
    "must keep something: keepLast, keepFor, hourly, daily, weekly, monthly, yearly or forever",
  ),
);

const retention = v.strictObject({
  policy: v.optional(
    v.pipe(
      v.picklist(["runbook", "kinds"]),
      v.description(
        "What backups follow that no rule below is for. runbook: the last 5 of an environment, the last 2 labelled " +
          "pre-upgrade. kinds: by label pre-migration, daily, weekly, monthly, critical. Default: runbook.",
      ),
    ),
  ),
  rules: v.optional(
    v.pipe(
      v.array(retentionRule),
      v.description("A backup follows the first rule that is for its environment and label."),
    ),
  ),
  maxSize: v.optional(v.pipe(sizeText, v.description("What the shelf may take on disk, such as 500GB."))),
  smallestShare: v.optional(
    v.pipe(
      v.number(),
      v.minValue(0),
      v.maxValue(1),
      v.description("Least share of the data of the backup before that the newest must hold. Default: 0.5."),
    ),
  ),
});

const storage = v.strictObject({
  name: v.pipe(text, v.description("How commands call it.")),
  url: v.pipe(
    text,
    v.regex(
      /^(?:s3:\/\/[^/@\s]+|file:\/\/\/)[^@\s]*$/,
      "must be s3://BUCKET/PREFIX or file:///FOLDER, without credentials",
    ),
  ),
  endpoint: v.optional(v.pipe(v.string(), v.url(), v.description("Of S3 services that are not Amazon's."))),
  region: v.optional(text),
  pathStyle: v.optional(v.pipe(v.boolean(), v.description("Bucket in the path instead of the host name."))),
  storageClass: v.optional(text),
  minimumDays: v.optional(v.pipe(times, v.description("Days the storage class is paid for at least: prune waits."))),
});

const notice = v.strictObject({
  on: v.pipe(v.array(v.picklist(["success", "incomplete", "failure"])), v.nonEmpty("must name something")),
  webhookEnv: v.pipe(variable, v.description("Variable with the address: it is a secret.")),
});

/** The form of `pgstrata.json`, and what it becomes. */
export const configSchema = v.pipe(
  v.strictObject({
    $schema: v.optional(v.string()),
    retention: v.optional(v.pipe(retention, v.description("How long backups are kept."))),
    storage: v.optional(
      v.pipe(
        v.array(storage),
        v.check((all) => new Set(all.map(({ name }) => name)).size === all.length, "must have another name for each"),
        v.description("Where copies go: push and pull."),
      ),
    ),
    recipients: v.optional(
      v.pipe(
        v.strictObject({ age: v.optional(v.array(text)), gpg: v.optional(v.array(text)) }),
        v.description("Who can decrypt: age recipients, gpg key ids. Public keys only."),
      ),
    ),
    excludedSchemas: v.optional(v.pipe(v.array(text), v.description("Patterns as in pg_dump --exclude-schema."))),
    expectedOmissions: v.optional(
      v.pipe(
        v.array(text),
        v.description("Qualified names of what may be missing without making a backup incomplete."),
      ),
    ),
    notices: v.optional(v.pipe(v.array(notice), v.description("Who is told how a run ended."))),
  }),
  v.transform((config) => ({
    retention: policyOf(config.retention ?? {}),
    storage: config.storage ?? [],
    recipients: { age: config.recipients?.age ?? [], gpg: config.recipients?.gpg ?? [] },
    excludedSchemas: config.excludedSchemas ?? [],
    expectedOmissions: config.expectedOmissions ?? [],
    notices: config.notices ?? [],
  })),
);

/** What outlives a command line. */
export type Config = v.InferOutput<typeof configSchema>;
/** A place for copies. */
export type StorageConfig = v.InferOutput<typeof storage>;
/** Somebody to tell. */
export type NoticeConfig = v.InferOutput<typeof notice>;

/**
 * A period from text such as `30d`, `4w`, `6mo`, `1y`: also what flags take.
 *
 * @returns null when it is none
 */
export function parsePeriod(given: string): Period | null {
  if (!v.is(periodText, given)) return null;
  const unit = PERIOD_UNITS[given.replace(/^\d+/, "")];
  return unit === undefined ? null : { unit: unit.unit, count: unit.count * Number.parseInt(given, 10) };
}

function policyOf(given: v.InferOutput<typeof retention>): RetentionPolicy {
  const base = given.policy === "kinds" ? KINDS_POLICY : DEFAULT_POLICY;
  return {
    rules: [...(given.rules ?? []).map(ruleOf), ...base.rules],
    maxBytes: given.maxSize === undefined ? null : parseSize(given.maxSize),
    smallestShare: given.smallestShare ?? SMALLEST_SHARE,
  };
}

function ruleOf(given: v.InferOutput<typeof retentionRule>): RetentionRule {
  const { keepFor, reviewEvery, hourly, daily, weekly, monthly, yearly, ...rest } = given;
  const slots = Object.fromEntries(
    Object.entries({ hourly, daily, weekly, monthly, yearly }).filter(([, count]) => count !== undefined),
  );
  const age = keepFor === undefined ? null : parsePeriod(keepFor);
  const review = reviewEvery === undefined ? null : parsePeriod(reviewEvery);
  return {
    ...rest,
    ...age === null ? {} : { keepFor: age },
    ...Object.keys(slots).length === 0 ? {} : { slots },
    ...review === null ? {} : { reviewEvery: review },
  } as RetentionRule;
}
