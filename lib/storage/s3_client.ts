import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import type { S3Destination } from "./destination.ts";
import { sendMd5WhereAsked, signBodies } from "./s3_bodies.ts";

/** Milliseconds without a connection, and without a byte on one. */
const CONNECT_PATIENCE = 15_000;
const SILENCE_PATIENCE = 120_000;

/** Attempts of the SDK at each request; waits double. */
const ATTEMPTS = 5;

/**
 * The SDK's client for a destination.
 *
 * Credentials come from the SDK's ordinary chain: variables, shared files, single sign-on, the machine's role.
 * Variables that stand in `.env` only, where the SDK does not look, are handed over.
 */
export function s3Client(
  destination: S3Destination,
  env: Readonly<Record<string, string>>,
  jobs: number,
): S3Client {
  const { endpoint, region, pathStyle } = destination;
  const accessKeyId = env["AWS_ACCESS_KEY_ID"] ?? "";
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"] ?? "";
  const sessionToken = env["AWS_SESSION_TOKEN"] ?? "";
  const config: S3ClientConfig = {
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    maxAttempts: ATTEMPTS,
    // Many services do not know Amazon's newer checksums. Each body's SHA-256 is signed all the same.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: CONNECT_PATIENCE,
      socketTimeout: SILENCE_PATIENCE,
      httpAgent: { maxSockets: jobs * 2 + 4 },
      httpsAgent: { maxSockets: jobs * 2 + 4 },
    },
  };
  if (endpoint !== null) config.endpoint = endpoint;
  if (region !== null) config.region = region;
  if (accessKeyId !== "" && secretAccessKey !== "" && !env["AWS_PROFILE"]) {
    config.credentials = { accessKeyId, secretAccessKey, ...sessionToken === "" ? {} : { sessionToken } };
  }
  const client = new S3Client(config);
  signBodies(client);
  sendMd5WhereAsked(client);
  return client;
}
