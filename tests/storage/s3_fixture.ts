import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { type Destination, parseDestination, type S3Destination } from "../../lib/storage/mod.ts";
import { type S3Server, startS3Server } from "../../scripts/s3_server.ts";

/** A real S3 server with an empty bucket, `backups`. */
export interface S3Fixture extends AsyncDisposable {
  readonly server: S3Server;
  /** Credentials of who may do everything. */
  readonly env: Readonly<Record<string, string>>;
  /** The bucket, or a prefix in it, through this server or something before it. */
  destination(url?: string, endpoint?: string): S3Destination;
}

/** Starts a server and makes the bucket. */
export async function startS3(kind: "swift" | "moto" = "swift", objectLock = false): Promise<S3Fixture> {
  await using starting = new AsyncDisposableStack();
  const server = starting.use(await startS3Server(kind));
  await makeBucket(server, "backups", objectLock);
  const started = starting.move();
  return {
    server,
    env: { ...server.admin },
    destination: (url = "s3://backups/copies", endpoint = server.endpoint) =>
      requireS3(parseDestination({ name: "test", url, endpoint }, {})),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** A client of the SDK itself, for what a store does not do. */
export function plainClient(server: S3Server): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: {
      accessKeyId: server.admin.AWS_ACCESS_KEY_ID,
      secretAccessKey: server.admin.AWS_SECRET_ACCESS_KEY,
    },
  });
}

async function makeBucket(server: S3Server, Bucket: string, objectLock: boolean): Promise<void> {
  const client = plainClient(server);
  await client.send(new CreateBucketCommand({ Bucket, ...objectLock ? { ObjectLockEnabledForBucket: true } : {} }));
  client.destroy();
}

function requireS3(destination: Destination): S3Destination {
  if (destination.kind !== "s3") throw new Error("not an S3 destination");
  return destination;
}
