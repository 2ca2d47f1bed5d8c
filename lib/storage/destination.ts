import { fromFileUrl } from "@std/path";
import { PgstrataError } from "../base/mod.ts";
import type { StorageConfig } from "../catalog/mod.ts";

/** A place for copies, understood. */
export type Destination = S3Destination | FolderDestination;

interface DestinationBase {
  /** How commands call it: its name in `pgstrata.json`, else its URL. */
  readonly name: string;
  /** Its address, without credentials: what records note. */
  readonly url: string;
  /** Days that what is stored is paid for at least; null where that plays no part. */
  readonly minimumDays: number | null;
}

/** A bucket of Amazon S3 or of a service that speaks its language. */
export interface S3Destination extends DestinationBase {
  readonly kind: "s3";
  readonly bucket: string;
  /** Before every key: empty, or ending in `/`. */
  readonly prefix: string;
  /** Null for Amazon's own. */
  readonly endpoint: string | null;
  /** Null: as the SDK finds it. */
  readonly region: string | null;
  /** Bucket in the path instead of the host's name. */
  readonly pathStyle: boolean;
  /** Null: the bucket's default. */
  readonly storageClass: string | null;
}

/** A folder: another disk, a network file system. */
export interface FolderDestination extends DestinationBase {
  readonly kind: "file";
  readonly folder: string;
}

/** Days Amazon bills an object of a storage class for at least (S3 pricing, "minimum storage duration"). */
const MINIMUM_DAYS: Readonly<Record<string, number>> = {
  STANDARD_IA: 30,
  ONEZONE_IA: 30,
  GLACIER_IR: 90,
  GLACIER: 90,
  DEEP_ARCHIVE: 180,
};

/** Days an object of a storage class is billed for at least; null where it is billed by the day. */
export function minimumDaysOf(storageClass: string | null): number | null {
  return MINIMUM_DAYS[storageClass ?? ""] ?? null;
}

/**
 * The places that a command is for.
 *
 * @param configured of `pgstrata.json`
 * @param wanted names or URLs of the command line; none means all that are configured
 * @param env for the endpoint of a URL: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`
 * @throws {PgstrataError} code `usage` when there is none, or one cannot be understood
 */
export function chooseDestinations(
  configured: readonly StorageConfig[],
  wanted: readonly string[],
  env: Readonly<Record<string, string>>,
): Destination[] {
  if (wanted.length === 0 && configured.length === 0) {
    throw usage(
      "no storage is configured",
      "Put one into pgstrata.json, or name it, as s3://BUCKET/PREFIX or file:///FOLDER: push with --to, the others with --from.",
    );
  }
  if (wanted.length === 0) return configured.map((storage) => parseDestination(storage, env));
  return wanted.map((word) => {
    const found = configured.find(({ name }) => name === word);
    if (found !== undefined) return parseDestination(found, env);
    if (/^[a-z0-9]+:/i.test(word)) return parseDestination({ name: word, url: word }, env);
    const names = configured.map(({ name }) => name);
    throw usage(
      `"${word}" is neither configured nor a URL`,
      names.length === 0
        ? "Write s3://BUCKET/PREFIX or file:///FOLDER."
        : `Configured: ${names.join(", ")}. Or write s3://BUCKET/PREFIX or file:///FOLDER.`,
    );
  });
}

/** Understands one place. */
export function parseDestination(config: StorageConfig, env: Readonly<Record<string, string>>): Destination {
  const { name, url } = config;
  const minimumDays = config.minimumDays ?? minimumDaysOf(config.storageClass ?? null);
  const base = { name, url: url.replace(/\/+$/, ""), minimumDays };
  if (/^file:\/\/\//.test(url)) return { ...base, kind: "file", folder: fromFileUrl(url) };
  const [, bucket, path = ""] = /^s3:\/\/([^/@\s]+)(?:\/([^@\s]*))?$/.exec(url) ?? [];
  if (bucket === undefined) {
    // Not the text itself: it may hold a password.
    throw usage(
      "an address cannot be understood",
      "Write s3://BUCKET/PREFIX or file:///FOLDER, without credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.",
    );
  }
  const endpoint = config.endpoint ?? (env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || null);
  const prefix = path.replaceAll(/^\/+|\/+$/g, "");
  return {
    ...base,
    kind: "s3",
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    region: config.region ??
      (env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || (endpoint === null ? null : "us-east-1")),
    pathStyle: config.pathStyle ?? endpoint !== null,
    storageClass: config.storageClass ?? null,
  };
}

function usage(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot choose a storage: ${state}`, { code: "usage", hint });
}
