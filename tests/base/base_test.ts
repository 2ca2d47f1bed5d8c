import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  causeMessages,
  compactTimestamp,
  countText,
  durationText,
  errorDocument,
  errorText,
  EXIT_CODES,
  isNoRoom,
  isoTimestamp,
  maskSecrets,
  parseDuration,
  parseSize,
  PgstrataError,
  quoteIdentifier,
  quoteLiteral,
  retry,
  Secret,
  sizeText,
  toPgstrataError,
} from "../../lib/base/mod.ts";
import { testedMajors, testServer } from "../../scripts/test_server.ts";

Deno.test("exit codes are those of the contract", () => {
  assertEquals({ ...EXIT_CODES }, {
    done: 0,
    failed: 1,
    usage: 2,
    not_good: 3,
    connection: 4,
    tool: 5,
    no_room: 6,
    refused: 7,
    interrupted: 130,
  });
});

Deno.test("text and document of an error come from the same object", () => {
  const error = new PgstrataError("Cannot do it: it is broken", {
    code: "no_room",
    hint: "Mend it.",
    context: { file: "a" },
    cause: new Error("first", { cause: new Error("second\nline") }),
  });
  assertEquals(
    errorText(error),
    "error: Cannot do it: it is broken\ncause: first\ncause: second\n       line\n  file: a\nhint: Mend it.",
  );
  assertEquals(errorDocument(error), {
    code: "no_room",
    exit: 6,
    message: "Cannot do it: it is broken",
    causes: ["first", "second\nline"],
    context: { file: "a" },
    hint: "Mend it.",
  });
  assertStringIncludes(errorText(error, true), "base_test.ts");
});

Deno.test("anything thrown becomes an error with a code", () => {
  assertEquals(toPgstrataError(new Error("No space left on device (os error 28)")).exit, 6);
  assertEquals(isNoRoom({ code: "ENOSPC" }), true);
  for (const code of ["EACCES", "EPERM", "EROFS"]) {
    const error = toPgstrataError(Object.assign(new Error("open '/x'"), { code }));
    assertEquals([error.message, error.exit, causeMessages(error)], [
      "Cannot finish: the system refused",
      1,
      ["open '/x'"],
    ]);
  }
  assertEquals(toPgstrataError("odd").message, "Cannot finish: something unexpected happened");
  assertEquals(causeMessages(toPgstrataError("odd")), ["odd"]);
});

Deno.test("a secret shows itself to nobody who does not ask", () => {
  const secret = new Secret("hunter2");
  for (const shown of [`${secret}`, JSON.stringify({ secret }), Deno.inspect(secret), Deno.inspect({ secret })]) {
    assertEquals(shown.includes("hunter2"), false, shown);
  }
  assertEquals(secret.reveal(), "hunter2");
  assertEquals(maskSecrets("a p@ss/1 and p%40ss%2F1", [new Secret("p@ss/1")]), "a ******** and ********");
});

Deno.test("sizes and durations are read and written", () => {
  assertEquals(["1000", "1kB", "2GiB", "5g", "1.5MB"].map(parseSize), [1000, 1000, 2 ** 31, 5 * 2 ** 30, 1_500_000]);
  assertEquals(["30", "500ms", "5min", "2h", "30d"].map(parseDuration), [
    30_000,
    500,
    300_000,
    7_200_000,
    2_592_000_000,
  ]);
  for (const bad of ["", "x", "5 parsecs", "-1"]) {
    assertThrows(() => parseSize(bad), PgstrataError);
    assertThrows(() => parseDuration(bad), PgstrataError);
  }
  assertEquals([sizeText(0), sizeText(999), sizeText(1_800_000_000)], ["0 B", "999 B", "1.8 GB"]);
  assertEquals([durationText(3400), durationText(72_000)], ["3.4s", "1m 12s"]);
  assertEquals(countText(1234567), "1 234 567");
});

Deno.test("sizes are told in the same way whatever the machine's language is", async () => {
  const module = new URL("../../lib/base/mod.ts", import.meta.url).href;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `import { sizeText } from "${module}"; console.log(sizeText(1_800_000_000));`],
    cwd: new URL("../../", import.meta.url),
    env: { LC_ALL: "de_DE.UTF-8", LANG: "de_DE.UTF-8", NO_COLOR: "1" },
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "1.8 GB\n");
});

Deno.test("times in names are UTC", () => {
  const time = new Date("2026-01-02T03:04:05.678Z");
  assertEquals([compactTimestamp(time), isoTimestamp(time)], ["20260102_030405", "2026-01-02T03-04-05Z"]);
});

Deno.test("retry tries again only where it can help, and throws what was thrown", async () => {
  const policy = { attempts: 3, firstWait: 1, longestWait: 2 };
  let calls = 0;
  assertEquals(
    await retry(() => ++calls < 3 ? Promise.reject(new Error("no")) : Promise.resolve(calls), policy, () => true),
    3,
  );
  const error = new Error("for good");
  calls = 0;
  const thrown = await assertRejects(() => retry(() => (calls++, Promise.reject(error)), policy, () => false), Error);
  assertEquals([thrown, calls], [error, 1]);
  await assertRejects(() => retry(() => (calls++, Promise.reject(error)), policy, () => true), Error, "for good");
  assertEquals(calls, 4);
});

for (const major of testedMajors()) {
  const server = await testServer(major);
  Deno.test(`identifiers are quoted where quote_ident of PostgreSQL ${major} quotes them`, async () => {
    const text = await server.cluster.psql(
      "\\t on\n\\a\nSELECT word FROM pg_get_keywords() WHERE quote_ident(word) <> word ORDER BY word;",
    );
    const unquoted = text.trim().split("\n").filter((word) => quoteIdentifier(word) === word);
    assertEquals(unquoted, []);
    for (const name of ["a", "_x1", "A", "1a", "a-b", 'a"b', "é", ""]) {
      const theirs = await server.cluster.psql(`\\t on\n\\a\nSELECT quote_ident(${quoteLiteral(name)});`);
      assertEquals(quoteIdentifier(name), theirs.trim());
    }
  });
  Deno.test(`literals come back from PostgreSQL ${major} as they were`, async () => {
    for (const value of ["", "it's", "back\\slash", "\\'; DROP TABLE x; --", "é\n\t"]) {
      const back = await server.cluster.psql(
        `\\t on\n\\a\nSELECT encode(convert_to(${quoteLiteral(value)}, 'UTF8'), 'hex');`,
      );
      assertEquals(back.trim(), new TextEncoder().encode(value).toHex());
    }
  });
}
