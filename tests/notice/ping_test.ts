import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { Secret } from "../../lib/base/mod.ts";
import { noticeFailure, pingAddress, pingEnd, pingStart, type RunOutcome } from "../../lib/notice/mod.ts";
import { failedOutcome, fakeOutcome } from "./fake_outcome.ts";
import { type Answer, Receiver } from "./receiver.ts";

const RUN = "0d3fc6c5-7f4a-4a2c-8f0e-0f6a3a5fcb1b";
/** Waits for an answer as long as a busy machine may need; only a receiver that never answers is not waited for. */
const QUICK = { timeout: 60_000, retry: { attempts: 3, firstWait: 1, longestWait: 2 } };

for (
  const [given, kind, expected] of [
    ["https://hc.test/abc", "start", "https://hc.test/abc/start?rid="],
    ["https://hc.test/abc/", "fail", "https://hc.test/abc/fail?rid="],
    ["https://hc.test/abc", "success", "https://hc.test/abc?rid="],
    ["https://hc.test/ping/abc?create=1", "fail", "https://hc.test/ping/abc/fail?create=1&rid="],
  ] as const
) {
  Deno.test(`pingAddress() of ${given} for ${kind} is ${expected}RUN`, () => {
    assertEquals(pingAddress(new Secret(given), kind, RUN).reveal(), expected + RUN);
  });
}

for (const wrong of ["hc.test/abc", "ftp://hc.test/x", "file:///etc/passwd", ""]) {
  Deno.test(`pingAddress() refuses "${wrong}"`, () => {
    assertThrows(() => pingAddress(new Secret(wrong), "start", RUN), Error, "its address");
  });
}

Deno.test("a ping goes as POST with a short body: start, then success", async () => {
  await using receiver = new Receiver();
  const ping = { url: new Secret(receiver.url("/check-1")), runId: RUN };
  await pingStart(ping, "backup of prod", QUICK);
  await pingEnd(ping, [fakeOutcome()], QUICK);
  assertEquals(receiver.received.map(({ method, path }) => `${method} ${path}`), [
    `POST /check-1/start?rid=${RUN}`,
    `POST /check-1?rid=${RUN}`,
  ]);
  assertEquals(receiver.received[1]?.body, "backup of prod complete: 1.8 GB, 12 345 rows in 200 tables, 1m 12s");
  assertEquals(receiver.received[1]?.type, "text/plain; charset=utf-8");
});

const ENDS: readonly [string, readonly RunOutcome[], string][] = [
  ["one failed run", [failedOutcome()], "FAILED: exit code 4, 3.0s. Cannot connect"],
  ["an incomplete backup", [fakeOutcome({ status: "incomplete", exitCode: 3 })], "INCOMPLETE"],
  ["a failure beside a success", [fakeOutcome(), failedOutcome({ environment: "staging" })], "of staging FAILED"],
  ["nothing done", [], "nothing was backed up"],
];
for (const [what, outcomes, text] of ENDS) {
  Deno.test(`pingEnd() signals a failure for ${what}`, async () => {
    await using receiver = new Receiver();
    await pingEnd({ url: new Secret(receiver.url("/c")), runId: RUN }, outcomes, QUICK);
    assertEquals(receiver.received[0]?.path, `/c/fail?rid=${RUN}`);
    assert(receiver.received[0]?.body.includes(text), receiver.received[0]?.body);
  });
}

const TRIED: readonly [string, Answer[], number, string | null][] = [
  ["answers 500 and then 200", [500, 200], 2, null],
  ["cuts the connection once", ["close", 200], 2, null],
  ["answers 429 twice", [429, 429, 200], 3, null],
  ["answers 503 for ever", [503], 3, "it answered 503"],
  ["always cuts the connection", ["close"], 3, "the connection failed"],
  ["does not know the check", [404], 1, "it answered 404"],
  ["redirects", [302], 1, "it answered 302"],
];
for (const [what, answers, attempts, failure] of TRIED) {
  Deno.test(`a ping to a receiver that ${what} is sent ${attempts} times`, async () => {
    await using receiver = new Receiver([...answers]);
    const sent = pingStart({ url: new Secret(receiver.url("/s3cret")), runId: RUN }, "x", QUICK);
    if (failure === null) await sent;
    else {
      const error = await assertRejects(() => sent);
      const text = noticeFailure(error);
      assert(text.endsWith(failure), text);
      assertFalse(Deno.inspect(error).includes("s3cret"), "the address is a secret");
    }
    assertEquals(receiver.received.length, attempts);
  });
}

Deno.test("a ping to a receiver that never answers is sent 3 times, each given up in time", async () => {
  await using receiver = new Receiver(["hang"]);
  const options = { ...QUICK, timeout: 300 };
  const begun = performance.now();
  const error = await assertRejects(() =>
    pingStart({ url: new Secret(receiver.url("/s3cret")), runId: RUN }, "x", options)
  );
  assert(noticeFailure(error).endsWith("it did not answer within 0.3 s"), noticeFailure(error));
  assertFalse(Deno.inspect(error).includes("s3cret"), "the address is a secret");
  // A busy machine may give one up before it has connected, so that the receiver has seen fewer; never earlier than told.
  assert(receiver.received.length <= 3, `${receiver.received.length} came`);
  assert(performance.now() - begun >= 3 * 295, "it was not tried three times");
});

Deno.test("a ping that is aborted ends with the signal's reason, at once", async () => {
  await using receiver = new Receiver(["hang"]);
  const controller = new AbortController();
  const sent = pingStart({ url: new Secret(receiver.url()), runId: RUN }, "x", { signal: controller.signal });
  const rejected = assertRejects(() => sent, Error, "stop it");
  while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort(new Error("stop it"));
  await rejected;
});
