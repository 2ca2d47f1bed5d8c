import { messageOf, PgstrataError, type PgstrataErrorOptions } from "../base/mod.ts";
import { FULL_HINT } from "./store_error.ts";

/** The part of an SDK's error that tells what happened. */
interface ServiceError {
  readonly name?: string;
  readonly code?: string;
  readonly Code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

type Kind = Required<Pick<PgstrataErrorOptions, "code" | "hint">> & { readonly state: string };

const LOGIN: Kind = {
  code: "connection",
  state: "the credentials were refused",
  hint: "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN for temporary ones), or AWS_PROFILE, " +
    "and that they belong to this endpoint.",
};
const REGION: Kind = {
  code: "connection",
  state: "the region is wrong, or the credentials are no such",
  hint: "Set the region that the server expects: `region` of the place in pgstrata.json, or AWS_REGION.",
};
const DENIED: Kind = {
  code: "failed",
  state: "access is denied",
  hint: "The key needs s3:ListBucket, GetObject, PutObject, DeleteObject, AbortMultipartUpload and " +
    "ListMultipartUploadParts on this bucket and prefix.",
};
const BUCKET: Kind = {
  code: "usage",
  state: "there is no such bucket",
  hint: "Make the bucket first, or correct the name; services other than Amazon's need their endpoint " +
    "(endpoint in pgstrata.json, or AWS_ENDPOINT_URL).",
};
const CLOCK: Kind = {
  code: "connection",
  state: "this machine's clock is wrong",
  hint: "The server takes requests of the last minutes only: set the clock (timedatectl set-ntp true).",
};
const FULL: Kind = {
  code: "no_room",
  state: "the storage is full or a quota is reached",
  hint: FULL_HINT,
};
const BUSY: Kind = {
  code: "connection",
  state: "the server is overloaded or has trouble of its own",
  hint: "Try again later: it goes on where it stopped. Fewer requests at a time with --jobs may help.",
};
const UNREACHABLE: Kind = {
  code: "connection",
  state: "the server cannot be reached, or the connection broke",
  hint: "Check the endpoint and the network, then run the command again: it goes on where it stopped.",
};
const UNCONFIGURED: Kind = {
  code: "usage",
  state: "there are no credentials",
  hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: the ordinary ways of Amazon's tools work.",
};
const FROZEN: Kind = {
  code: "failed",
  state: "it is in an archive class that cannot be read at once",
  hint: "Restore the objects of this backup by the provider's own means first (aws s3api restore-object), then pull.",
};
const NO_REGION: Kind = {
  code: "usage",
  state: "no region is named",
  hint: "Set region in pgstrata.json, or AWS_REGION. Services without regions take us-east-1.",
};

const BY_CODE: Readonly<Record<string, Kind>> = {
  InvalidAccessKeyId: LOGIN,
  SignatureDoesNotMatch: LOGIN,
  AuthorizationHeaderMalformed: REGION,
  ExpiredToken: LOGIN,
  InvalidToken: LOGIN,
  TokenRefreshRequired: LOGIN,
  Unauthorized: LOGIN,
  AccessDenied: DENIED,
  AllAccessDisabled: DENIED,
  AccountProblem: DENIED,
  Forbidden: DENIED,
  NoSuchBucket: BUCKET,
  InvalidBucketName: BUCKET,
  PermanentRedirect: { ...BUCKET, state: "the bucket is in another region, or at another endpoint" },
  RequestTimeTooSkewed: CLOCK,
  RequestExpired: CLOCK,
  QuotaExceeded: FULL,
  InsufficientStorage: FULL,
  InsufficientCapacity: FULL,
  XMinioStorageFull: FULL,
  StorageFull: FULL,
  StorageQuotaExceeded: FULL,
  EntityTooLarge: { ...FULL, state: "the object is larger than the storage takes" },
  InvalidObjectState: FROZEN,
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  InternalError: BUSY,
  Throttling: BUSY,
  ThrottlingException: BUSY,
  TooManyRequests: BUSY,
  RequestTimeout: UNREACHABLE,
  TimeoutError: UNREACHABLE,
  CredentialsProviderError: UNCONFIGURED,
  TokenProviderError: UNCONFIGURED,
};

/** What SDKs and systems call a broken or impossible connection. */
const NETWORK =
  /ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|socket|connection|network|timed? ?out|aborted|terminated|dns|certificate|tls|unexpected (?:eof|end)|error reading a body|body (?:was )?incomplete/i;

/** Whether trying again can help. */
export function isPassing(thrown: unknown): boolean {
  const kind = kindOf(thrown);
  return kind === BUSY || kind === UNREACHABLE;
}

/** The code that a service gave, such as `NoSuchKey`. */
export function serviceCode(thrown: unknown): string {
  const { Code, code, name } = (thrown ?? {}) as ServiceError;
  return Code ?? (typeof code === "string" && code in BY_CODE ? code : name ?? "");
}

/** The status of the answer; 0 without one. */
export function httpStatus(thrown: unknown): number {
  return (thrown as ServiceError | null)?.$metadata?.httpStatusCode ?? 0;
}

/** An error of the SDK as one that reaches users: `Cannot <what>: <state>`. */
export function s3Error(what: string, store: string, thrown: unknown): PgstrataError {
  if (thrown instanceof PgstrataError) return thrown;
  const kind = kindOf(thrown);
  if (kind === null) {
    return new PgstrataError(`Cannot ${what}: the server refused`, {
      context: { storage: store, code: serviceCode(thrown) || httpStatus(thrown) },
      cause: thrown,
      hint: "Run again with --debug for the server's own words.",
    });
  }
  const { code, hint, state } = kind;
  return new PgstrataError(`Cannot ${what}: ${state}`, { code, hint, context: { storage: store }, cause: thrown });
}

function kindOf(thrown: unknown): Kind | null {
  const code = serviceCode(thrown);
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  const message = messageOf(thrown);
  if (/region is missing/i.test(message)) return NO_REGION;
  if (/could not load credentials/i.test(message)) return UNCONFIGURED;
  switch (httpStatus(thrown)) {
    case 401:
      return LOGIN;
    case 403:
      return DENIED;
    case 507:
      return FULL;
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return BUSY;
    case 0:
    case 200:
    case 206: {
      const systemCode = String((thrown as { code?: unknown } | null)?.code ?? "");
      return NETWORK.test(`${systemCode} ${code} ${message}`) ? UNREACHABLE : null;
    }
    default:
      return null;
  }
}
