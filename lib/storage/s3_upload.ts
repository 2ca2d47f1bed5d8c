import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type PutObjectCommandInput,
  type S3Client,
  type StorageClass,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { PartBuffers } from "./part_buffers.ts";
import { serviceCode } from "./s3_error.ts";
import { changedSource } from "./store_error.ts";
import type { ObjectSource, PutOptions } from "./store.ts";

const MIB = 1024 * 1024;

/** Smallest part we send; what is not larger goes in one request. */
export const PART_SIZE = 8 * MIB;

/** Most parts of an object (S3 user guide, "multipart upload limits"). */
const MOST_PARTS = 10_000;

/** What an upload needs to know of its store. */
export interface UploadSetting {
  readonly client: S3Client;
  readonly bucket: string;
  readonly storageClass: string | null;
  /** Of {@linkcode PART_SIZE}; as many as there may be requests at the same time. */
  readonly buffers: PartBuffers;
  readonly send: { readonly abortSignal?: AbortSignal };
}

/** Bytes of each part but the last; whole MiB, the same for the same size, so that parts can be found again. */
export function partSize(bytes: number): number {
  return Math.max(PART_SIZE, Math.ceil(bytes / MOST_PARTS / MIB) * MIB);
}

/**
 * Stores a large object in parts, several at a time. Parts that an earlier, interrupted upload has stored are
 * compared by their MD5 and not sent again. The whole is hashed on the way; when it is not what it has to be,
 * the upload is taken back, and the object that may have been there stays.
 */
export async function uploadInParts(
  key: string,
  source: ObjectSource,
  options: PutOptions,
  setting: UploadSetting,
): Promise<"written" | "exists"> {
  const { client, bucket: Bucket, send, buffers } = setting;
  const size = partSize(source.bytes);
  const { id, parts: stored, others } = await findUpload(key, source, size, setting);
  const upload = { Bucket, Key: key, UploadId: id ?? await createUpload(key, source, setting) };
  const hash = createHash("sha256");
  const parts: CompletedPart[] = [];
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  let done = 0;
  for (let number = 1; done < source.bytes && failure === null; number++) {
    const buffer = await buffers.take();
    let isUsed = false;
    try {
      if (failure !== null) break;
      send.abortSignal?.throwIfAborted();
      // Parts of objects beyond 80 GB are larger than a buffer.
      const body = await source.read(done, size, size <= buffer.bytes.length ? buffer.bytes : undefined);
      if (body.length === 0) break;
      hash.update(body);
      done += body.length;
      isUsed = true;
      const task = sendPart(upload, number, body, stored.get(number), setting).then((part) => {
        parts.push(part);
        options.onBytes?.(body.length);
      }, (error) => {
        failure ??= { error };
      }).finally(() => {
        buffer.giveBack();
        running.delete(task);
      });
      running.add(task);
    } catch (error) {
      failure = { error };
    } finally {
      if (!isUsed) buffer.giveBack();
    }
  }
  await Promise.all(running);
  // What was stored stays, for the next attempt to go on from.
  if (failure !== null) throw (failure as { error: unknown }).error;
  if (done !== source.bytes || hash.digest("hex") !== source.sha256) {
    await client.send(new AbortMultipartUploadCommand(upload), send);
    throw changedSource(key);
  }
  try {
    const Parts = parts.toSorted((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0));
    await client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
        ...options.ifAbsent ? { IfNoneMatch: "*" } : {},
      }),
      send,
    );
  } catch (error) {
    if (serviceCode(error) !== "PreconditionFailed") throw error;
    await client.send(new AbortMultipartUploadCommand(upload), send);
    return "exists";
  }
  for (const other of others) {
    // Of earlier attempts: they would be paid for. One that cannot be removed is the bucket's lifecycle's.
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: other }), send).catch(() => {});
  }
  return "written";
}

interface StoredPart {
  readonly bytes: number;
  readonly etag: string;
}

interface FoundUpload {
  readonly id: string | null;
  readonly parts: ReadonlyMap<number, StoredPart>;
  readonly others: readonly string[];
}

/**
 * The newest upload of a key that was begun and never completed. One that holds none of this content is not gone on
 * with: the hash noted with it would be another's.
 */
async function findUpload(
  key: string,
  source: ObjectSource,
  size: number,
  { client, bucket: Bucket, send }: UploadSetting,
): Promise<FoundUpload> {
  const nothing = { id: null, parts: new Map<number, StoredPart>(), others: [] };
  let uploads;
  try {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: key }), send);
    uploads = Uploads.filter((one) => one.Key === key && one.UploadId !== undefined)
      .toSorted((one, other) => (other.Initiated?.getTime() ?? 0) - (one.Initiated?.getTime() ?? 0));
  } catch (error) {
    // A key that may write but not look, or a service without listing: begin anew.
    if (["AccessDenied", "NotImplemented"].includes(serviceCode(error))) return nothing;
    throw error;
  }
  const [id, ...others] = uploads.flatMap(({ UploadId }) => UploadId ?? []);
  if (id === undefined) return nothing;
  const parts = await listParts({ Bucket, Key: key, UploadId: id }, client, send);
  const [number] = [...parts.keys()].sort((one, other) => one - other);
  const part = number === undefined ? undefined : parts.get(number);
  const isOurs = number !== undefined && isSame(part, await source.read((number - 1) * size, size));
  return isOurs ? { id, parts, others } : { ...nothing, others: [id, ...others] };
}

/** The SDK's own paging goes on for ever where a server names a next marker on the last page too. */
async function listParts(
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  client: S3Client,
  send: UploadSetting["send"],
): Promise<Map<number, StoredPart>> {
  const parts = new Map<number, StoredPart>();
  let marker: string | undefined;
  while (true) {
    const page = await client.send(new ListPartsCommand({ ...upload, PartNumberMarker: marker }), send);
    for (const { PartNumber = 0, Size = 0, ETag = "" } of page.Parts ?? []) {
      parts.set(PartNumber, { bytes: Size, etag: ETag });
    }
    if (!page.IsTruncated || page.NextPartNumberMarker === undefined) return parts;
    marker = page.NextPartNumberMarker;
  }
}

/** Under some kinds of encryption an ETag is no MD5: such a part is sent again. */
function isSame(stored: StoredPart | undefined, body: Uint8Array): boolean {
  if (stored?.bytes !== body.length) return false;
  return stored.etag.replaceAll('"', "") === createHash("md5").update(body).digest("hex");
}

async function createUpload(key: string, source: ObjectSource, setting: UploadSetting): Promise<string> {
  const { client, bucket: Bucket, send } = setting;
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key: key, ...objectFacts(source, setting.storageClass) }),
    send,
  );
  if (UploadId === undefined) throw new Error("the server began no upload");
  return UploadId;
}

/** What is noted with an object. */
export function objectFacts(
  source: ObjectSource,
  storageClass: string | null,
): Pick<PutObjectCommandInput, "ContentType" | "Metadata" | "StorageClass"> {
  return {
    ContentType: "application/octet-stream",
    Metadata: { sha256: source.sha256 },
    ...storageClass === null ? {} : { StorageClass: storageClass as StorageClass },
  };
}

async function sendPart(
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  PartNumber: number,
  Body: Uint8Array,
  stored: StoredPart | undefined,
  { client, send }: UploadSetting,
): Promise<CompletedPart> {
  if (stored !== undefined && isSame(stored, Body)) return { PartNumber, ETag: stored.etag };
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), send);
  return { PartNumber, ETag };
}
