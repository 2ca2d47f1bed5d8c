import { retry, type RetryPolicy, type Secret } from "../base/mod.ts";
import { NoticeError } from "./notice_error.ts";

/** How a notice is sent. */
export interface PostOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt, answer included. Default 10 000. */
  readonly timeout?: number;
  /** Default three attempts. */
  readonly retry?: RetryPolicy;
}

/** What is sent: an address, which often holds a secret in its path, and a short body. */
export interface Post {
  readonly url: Secret;
  /** What the address is for, in messages: `ping`, `webhook`. */
  readonly purpose: string;
  readonly contentType: string;
  readonly body: string;
}

const TIMEOUT = 10_000;
const RETRY: RetryPolicy = { attempts: 3, firstWait: 500, longestWait: 5_000 };

/**
 * Sends a notice. No answer, a server's failure (5xx), 408 and 429 are tried again; other answers are final.
 * Redirects are not followed: the address given is the one that is trusted.
 *
 * @throws {NoticeError} with the host alone: the rest of the address may be a secret
 * @throws the signal's reason when aborted
 */
export async function post(message: Post, options: PostOptions = {}): Promise<void> {
  const address = readAddress(message);
  await retry(
    () => send(message, address, options),
    options.retry ?? RETRY,
    (error) => error instanceof NoticeError && error.transient,
    options.signal,
  );
}

/**
 * The address of a post, checked.
 *
 * @throws {NoticeError} when it is none
 */
export function readAddress({ url, purpose }: Pick<Post, "url" | "purpose">): URL {
  const text = url.reveal().trim();
  if (!URL.canParse(text)) throw new NoticeError(`Cannot send the ${purpose}: its address is no URL`, false);
  const address = new URL(text);
  if (address.protocol !== "https:" && address.protocol !== "http:") {
    throw new NoticeError(`Cannot send the ${purpose}: its address does not begin with https://`, false);
  }
  return address;
}

async function send(message: Post, address: URL, options: PostOptions): Promise<void> {
  options.signal?.throwIfAborted();
  const failed = (state: string, transient: boolean) =>
    new NoticeError(`Cannot send the ${message.purpose} to ${address.host}: ${state}`, transient);
  const timeout = options.timeout ?? TIMEOUT;
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, timeout);
  const stop = () => controller.abort();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": message.contentType, "user-agent": "pgstrata" },
      body: message.body,
      redirect: "manual",
      signal: controller.signal,
    });
    await response.body?.cancel();
    if (response.ok) return;
    throw failed(`it answered ${response.status}`, response.status >= 500 || [408, 429].includes(response.status));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof NoticeError) throw error;
    // The runtime's own message repeats the whole address.
    throw failed(expired ? `it did not answer within ${timeout / 1000} s` : "the connection failed", true);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
  }
}
