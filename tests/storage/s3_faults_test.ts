import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { bytesSource, openStore, type S3Destination } from "../../lib/storage/mod.ts";
import { s3Error } from "../../lib/storage/s3_error.ts";
import { noise, sha256 } from "../crypt/real_backup.ts";
import { CutProxy } from "./cut_proxy.ts";
import { startS3 } from "./s3_fixture.ts";
import { contentOf } from "./store_contract.ts";

const MIB = 1024 * 1024;

Deno.test("an upload that broke goes on with the parts that are missing", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  const content = bytesSource(noise(4 * 16 * MIB - 100));
  const destination = s3.destination(undefined, proxy.endpoint);
  const attempt = async () => {
    await using store = await openStore(destination, { env: s3.env, jobs: 2 });
    await store.put("large", content);
  };
  proxy.arm({ cutAfterUp: 40 * MIB });
  const error = await assertRejects(attempt, PgstrataError);
  assertEquals(error.code, "connection", `${error.message} ${error.cause}`);
  assert(proxy.cuts > 0);
  {
    await using store = await openStore(s3.destination(), { env: s3.env });
    assertEquals(await store.head("large"), null, "half an upload is nothing");
  }
  proxy.arm({});
  await attempt();
  const sent = proxy.requests.filter((line) => /partNumber=/.test(line)).length;
  assert(sent >= 1 && sent <= 5, `${sent} of 8 parts were sent again`);
  await using store = await openStore(s3.destination(), { env: s3.env });
  assertEquals(sha256(await contentOf(store, "large")), content.sha256);
  assertEquals((await store.head("large"))?.sha256, content.sha256);
});

Deno.test("parts of another content are not gone on with", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  const attempt = async (seed: number) => {
    await using store = await openStore(s3.destination(undefined, proxy.endpoint), { env: s3.env, jobs: 1 });
    await store.put("large", bytesSource(noise(2 * 16 * MIB, seed)));
  };
  proxy.arm({ cutAfterUp: 25 * MIB });
  await assertRejects(() => attempt(1), PgstrataError);
  proxy.arm({});
  await attempt(2);
  await using store = await openStore(s3.destination(), { env: s3.env });
  const right = sha256(noise(2 * 16 * MIB, 2));
  assertEquals([sha256(await contentOf(store, "large")), (await store.head("large"))?.sha256], [right, right]);
});

Deno.test("what can be wrong with a storage has an exit code, a hint, and leaves nothing behind", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  const { env, server } = s3;
  const through = s3.destination(undefined, proxy.endpoint);
  const cases: readonly [string, S3Destination, Record<string, string>, string, RegExp][] = [
    ["a wrong secret", s3.destination(), { ...env, AWS_SECRET_ACCESS_KEY: "wrong" }, "connection", /credentials/],
    ["an unknown key", s3.destination(), { ...env, AWS_ACCESS_KEY_ID: "test:stranger" }, "connection", /credentials/],
    ["denied access", s3.destination(), { ...server.nobody }, "failed", /denied/],
    ["a missing bucket", s3.destination("s3://no-such-bucket/x"), env, "usage", /no such bucket/],
    ["nobody there", s3.destination(undefined, "http://127.0.0.1:9"), env, "connection", /cannot be reached/],
    ["a full storage", through, env, "no_room", /full/],
    ["a wrong clock", through, env, "connection", /clock/],
  ];
  for (const [name, destination, credentials, code, state] of cases) {
    const refuse = name === "a full storage"
      ? { status: 507, code: "XMinioStorageFull" }
      : { status: 403, code: "RequestTimeTooSkewed" };
    proxy.arm({ refuseWrites: refuse });
    await using store = await openStore(destination, { env: credentials });
    const error = await assertRejects(() => store.put("x", bytesSource(noise(10))), PgstrataError, "Cannot", name);
    assertEquals(error.code, code, `${name}: ${error.message} (${error.cause})`);
    assertMatch(error.message, state, name);
    assert((error.hint ?? "").length > 20, name);
    assert(!JSON.stringify([error.message, error.hint, error.context]).includes("secret"), name);
  }
  await using store = await openStore(s3.destination(), { env });
  assertEquals((await store.listFolder("")).objects, []);
});

Deno.test("errors of many services have their code", () => {
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ name: "QuotaExceeded", $metadata: { httpStatusCode: 403 } }, "no_room"],
    [{ Code: "StorageFull", $metadata: { httpStatusCode: 507 } }, "no_room"],
    [{ name: "Unknown", $metadata: { httpStatusCode: 507 } }, "no_room"],
    [{ name: "RequestTimeTooSkewed", $metadata: { httpStatusCode: 403 } }, "connection"],
    [{ name: "ExpiredToken", $metadata: { httpStatusCode: 400 } }, "connection"],
    [{ name: "Unknown", $metadata: { httpStatusCode: 401 } }, "connection"],
    [{ name: "Unknown", $metadata: { httpStatusCode: 403 } }, "failed"],
    [{ name: "SlowDown", $metadata: { httpStatusCode: 503 } }, "connection"],
    [{ name: "InvalidObjectState", $metadata: { httpStatusCode: 403 } }, "failed"],
    [{ name: "PermanentRedirect", $metadata: { httpStatusCode: 301 } }, "usage"],
    [{ name: "CredentialsProviderError" }, "usage"],
    [{ name: "Error", message: "Region is missing" }, "usage"],
    [{ name: "Error", message: "getaddrinfo ENOTFOUND host", code: "ENOTFOUND" }, "connection"],
    [{ name: "InvalidArgument", $metadata: { httpStatusCode: 400 } }, "failed"],
  ];
  for (const [facts, code] of cases) {
    const { message = "no", ...rest } = facts;
    const error = s3Error("do it", "s3://b", Object.assign(new Error(String(message)), rest));
    assertEquals(error.code, code, JSON.stringify(facts));
    assert(error.hint);
  }
});
