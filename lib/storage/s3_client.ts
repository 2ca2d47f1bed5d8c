import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import type { S3Destination } from "./destination.ts";
import { sendMd5WhereAsked, signBodies } from "./s3_bodies.ts";

/** Milliseconds without a connection, and without a byte on one. */
const CONNECT_PATIENCE = 15_000;
export const SILENCE_PATIENCE = 120_000;

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
  const accessKeyId = env["AWS_ACCESS_KEY_ID"] ?? "";
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"] ?? "";
  const sessionToken = env["AWS_SESSION_TOKEN"] ?? "";
  const config: S3ClientConfig = {
    ...sharedConfig(destination),
    requestHandler: {
      connectionTimeout: CONNECT_PATIENCE,
      socketTimeout: SILENCE_PATIENCE,
      httpAgent: { maxSockets: jobs * 2 + 4 },
      httpsAgent: { maxSockets: jobs * 2 + 4 },
    },
  };
  if (accessKeyId !== "" && secretAccessKey !== "" && !env["AWS_PROFILE"]) {
    config.credentials = { accessKeyId, secretAccessKey, ...sessionToken === "" ? {} : { sessionToken } };
  }
  const client = new S3Client(config);
  signBodies(client);
  sendMd5WhereAsked(client);
  return client;
}

/**
 * A client for contents that come down, with the credentials of another one. Deno's own `fetch` hands them on with
 * four fifths of the CPU and 50 MB less memory than its `node:http` (1 GB in parts of 4 MiB); it does not watch for
 * a line that falls silent: see {@linkcode SILENCE_PATIENCE}.
 */
export function downloadClient(destination: S3Destination, { config: { credentials } }: S3Client): S3Client {
  return new S3Client({
    ...sharedConfig(destination),
    credentials,
    requestHandler: new DownloadHandler({ requestTimeout: SILENCE_PATIENCE }),
  });
}

function sharedConfig({ endpoint, region, pathStyle }: S3Destination): S3ClientConfig {
  return {
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    maxAttempts: ATTEMPTS,
    // Many services do not know Amazon's newer checksums. Each body's SHA-256 is signed all the same.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...endpoint === null ? {} : { endpoint },
    ...region === null ? {} : { region },
  };
}

/** Deno's `fetch` tells of a broken connection by a TypeError; the SDK tries again where it finds a system's code. */
class DownloadHandler extends FetchHttpHandler {
  override async handle(...given: Parameters<FetchHttpHandler["handle"]>): ReturnType<FetchHttpHandler["handle"]> {
    try {
      return await super.handle(...given);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw Object.assign(new Error("the connection broke", { cause }), { code: "ECONNRESET" });
    }
  }
}
