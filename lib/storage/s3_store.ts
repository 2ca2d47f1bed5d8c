import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Limiter } from "../base/mod.ts";
import type { S3Destination } from "./destination.ts";
import { PartBuffers } from "./part_buffers.ts";
import type { OpenStoreOptions } from "./open_store.ts";
import { downloadClient, s3Client, SILENCE_PATIENCE } from "./s3_client.ts";
import { httpStatus, s3Error, serviceCode } from "./s3_error.ts";
import { objectFacts, PART_SIZE, uploadInParts } from "./s3_upload.ts";
import { unlessSilent } from "./unless_silent.ts";
import { changedSource, checkKey, lockedObject, missingObject } from "./store_error.ts";
import type { ObjectDetails, ObjectSource, PutOptions, Store, StoredObject } from "./store.ts";

/** How a bucket is worked with. */
export interface S3StoreOptions extends OpenStoreOptions {
  readonly jobs: number;
  /** Objects in a page of a listing; the server's own number otherwise. */
  readonly pageSize?: number;
}

/** A bucket, or a prefix in one. */
export class S3Store implements Store {
  readonly #limiter: Limiter;
  readonly #buffers: PartBuffers;
  readonly #send: { readonly abortSignal?: AbortSignal };

  private constructor(
    private readonly client: S3Client,
    private readonly downloads: S3Client,
    private readonly destination: S3Destination,
    jobs: number,
    signal: AbortSignal | undefined,
    private readonly pageSize: number | undefined,
  ) {
    this.#limiter = new Limiter(jobs);
    this.#buffers = new PartBuffers(jobs, PART_SIZE);
    this.#send = signal === undefined ? {} : { abortSignal: signal };
  }

  /** Makes ready. No request is sent yet. */
  static open(destination: S3Destination, options: S3StoreOptions): S3Store {
    const client = s3Client(destination, options.env, options.jobs);
    const downloads = downloadClient(destination, client);
    return new S3Store(client, downloads, destination, options.jobs, options.signal, options.pageSize);
  }

  get name(): string {
    return this.destination.url;
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for await (const page of this.#pages(prefix, false)) yield* page.objects;
  }

  async listFolder(folder: string): Promise<{ folders: readonly string[]; objects: readonly StoredObject[] }> {
    const folders: string[] = [];
    const objects: StoredObject[] = [];
    for await (const page of this.#pages(folder === "" ? "" : `${folder}/`, true)) {
      folders.push(...page.folders);
      objects.push(...page.objects);
    }
    return { folders: folders.sort(), objects };
  }

  async head(key: string): Promise<ObjectDetails | null> {
    return await this.#attempt(`read ${key}`, async () => {
      try {
        const found = await this.client.send(new HeadObjectCommand(this.#at(key)), this.#send);
        return {
          key,
          bytes: found.ContentLength ?? 0,
          modified: found.LastModified ?? new Date(0),
          storageClass: found.StorageClass ?? null,
          sha256: /^[0-9a-f]{64}$/.test(found.Metadata?.["sha256"] ?? "") ? found.Metadata?.["sha256"] ?? null : null,
          locked: lockOf(found),
        };
      } catch (error) {
        if (!isMissing(error)) throw error;
        // An answer to HEAD has no body to say which of the two is missing: ask for the bucket.
        await this.#pages("", true, 1).next();
        return null;
      }
    });
  }

  async put(key: string, source: ObjectSource, options: PutOptions = {}): Promise<"written" | "exists"> {
    checkKey(key);
    return await this.#attempt(`store ${key}`, async () => {
      if (options.ifAbsent && await this.head(key) !== null) return "exists";
      const { bucket, storageClass } = this.destination;
      const setting = { client: this.client, bucket, storageClass, buffers: this.#buffers, send: this.#send };
      if (source.bytes > PART_SIZE) return await uploadInParts(this.#at(key).Key, source, options, setting);
      const buffer = await this.#buffers.take();
      try {
        return await this.#putWhole(key, source, buffer.bytes, options);
      } finally {
        buffer.giveBack();
      }
    });
  }

  async get(key: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>> {
    return await this.#attempt(`read ${key}`, async () => {
      if (range?.length === 0) return new Blob([]).stream();
      try {
        const Range = range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
        const { Body } = await this.downloads.send(new GetObjectCommand({ ...this.#at(key), ...Range }), this.#send);
        // By fetch it is one of the web's streams.
        if (!(Body instanceof ReadableStream)) throw new Error("the answer has no body");
        return unlessSilent(Body, SILENCE_PATIENCE);
      } catch (error) {
        if (serviceCode(error) === "NoSuchKey") throw missingObject(key, this.name, error);
        throw error;
      }
    });
  }

  async remove(key: string): Promise<void> {
    await this.#attempt(`remove ${key}`, async () => {
      const locked = (await this.head(key))?.locked ?? null;
      // In a bucket with versions a removal would only hide it, and it is paid for until then in any case.
      if (locked !== null) throw lockedObject(key, locked);
      try {
        await this.#limiter.run(() => this.client.send(new DeleteObjectCommand(this.#at(key)), this.#send));
      } catch (error) {
        if (isMissing(error) && serviceCode(error) !== "NoSuchBucket") return;
        if (/object ?lock|worm|retention|legal hold/i.test(String(error))) throw lockedObject(key, null, error);
        throw error;
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    this.downloads.destroy();
    return Promise.resolve();
  }

  async #putWhole(
    key: string,
    source: ObjectSource,
    into: Uint8Array,
    options: PutOptions,
  ): Promise<"written" | "exists"> {
    const Body = await source.read(0, source.bytes, into);
    const isRight = Body.length === source.bytes && createHash("sha256").update(Body).digest("hex") === source.sha256;
    if (!isRight) throw changedSource(key);
    const request = {
      ...this.#at(key),
      Body,
      ...objectFacts(source, this.destination.storageClass),
    };
    try {
      const condition = options.ifAbsent ? { IfNoneMatch: "*" } : {};
      await this.client.send(new PutObjectCommand({ ...request, ...condition }), this.#send);
    } catch (error) {
      if (!options.ifAbsent) throw error;
      if (httpStatus(error) === 412 || httpStatus(error) === 409) return "exists";
      // A service that does not know conditions: we have just looked whether it is there.
      if (serviceCode(error) !== "NotImplemented") throw error;
      await this.client.send(new PutObjectCommand(request), this.#send);
    }
    options.onBytes?.(Body.length);
    return "written";
  }

  async *#pages(prefix: string, oneLevel: boolean, most = this.pageSize): AsyncGenerator<{
    readonly folders: readonly string[];
    readonly objects: readonly StoredObject[];
  }> {
    const own = this.destination.prefix;
    let token: string | undefined;
    do {
      const page = await this.#attempt("list the storage", () =>
        this.client.send(
          new ListObjectsV2Command({
            Bucket: this.destination.bucket,
            Prefix: own + prefix,
            ...oneLevel ? { Delimiter: "/" } : {},
            ...token === undefined ? {} : { ContinuationToken: token },
            ...most === undefined ? {} : { MaxKeys: most },
          }),
          this.#send,
        ));
      const folders = (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix.slice(own.length, -1));
      const objects = (page.Contents ?? []).map((object) => ({
        key: (object.Key ?? "").slice(own.length),
        bytes: object.Size ?? 0,
        modified: object.LastModified ?? new Date(0),
        storageClass: object.StorageClass ?? null,
      }));
      // Consoles make "folders" of empty objects that end in a slash.
      yield { folders, objects: objects.filter(({ key }) => key !== "" && !key.endsWith("/")) };
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.destination.bucket, Key: this.destination.prefix + checkKey(key) };
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#send.abortSignal?.throwIfAborted();
      throw s3Error(what, this.name, error);
    }
  }
}

function isMissing(error: unknown): boolean {
  return httpStatus(error) === 404;
}

function lockOf(found: HeadObjectCommandOutput): Date | "held" | null {
  if (found.ObjectLockLegalHoldStatus === "ON") return "held";
  const until = found.ObjectLockMode === undefined ? undefined : found.ObjectLockRetainUntilDate;
  return until ?? null;
}
