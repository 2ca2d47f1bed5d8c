import { assertEquals, assertStringIncludes } from "@std/assert";
import type { ErrorDocument } from "../../lib/base/mod.ts";
import { isPrivateRepository, stepMarkdown, writeStepSummary } from "../../tasks/step_summary.ts";
import { fakeManifest } from "../report/fake_manifest.ts";

const ERROR: ErrorDocument = {
  code: "failed",
  exit: 1,
  message: "Cannot read secret_table: it is locked",
  causes: [],
  context: {},
  hint: "Wait.",
};

const PAYLOADS: readonly (readonly [string, Record<string, string>, string | Error, boolean])[] = [
  ["a private one by its variable", { GITHUB_REPOSITORY_VISIBILITY: "private" }, "", true],
  ["an internal one by its variable", { GITHUB_REPOSITORY_VISIBILITY: "internal" }, "", true],
  [
    "a public one by its variable",
    { GITHUB_REPOSITORY_VISIBILITY: "public", GITHUB_EVENT_PATH: "/e" },
    '{"repository":{"private":true}}',
    false,
  ],
  ["a private one by its event", { GITHUB_EVENT_PATH: "/e" }, '{"repository":{"private":true}}', true],
  ["a public one by its event", { GITHUB_EVENT_PATH: "/e" }, '{"repository":{"private":false}}', false],
  ["an event without a repository as public", { GITHUB_EVENT_PATH: "/e" }, "{}", false],
  ["an event that is not JSON as public", { GITHUB_EVENT_PATH: "/e" }, "null?", false],
  ["an event that cannot be read as public", { GITHUB_EVENT_PATH: "/e" }, new Error("gone"), false],
  ["one that nothing is known of as public", {}, "", false],
];

for (const [name, env, payload, expected] of PAYLOADS) {
  Deno.test(`isPrivateRepository() recognises ${name}`, async () => {
    const read = () => payload instanceof Error ? Promise.reject(payload) : Promise.resolve(payload);
    assertEquals(await isPrivateRepository(env, read), expected);
  });
}

Deno.test("stepMarkdown() of a failure names nothing where everybody can read it", () => {
  const outcome = { environment: "prod", error: ERROR };
  assertEquals(
    stepMarkdown(outcome, { names: false, restoreHint: true }),
    "## ❌ Backup of prod: failed\n\nExit code 1 (failed): see the job's log.\n",
  );
  assertEquals(
    stepMarkdown(outcome, { names: true, restoreHint: true }),
    "## ❌ Backup of prod: failed\n\nCannot read secret\\_table: it is locked\n\nWait.\n",
  );
});

Deno.test("writeStepSummary() appends to the page, without names in a public repository", async () => {
  const path = await Deno.makeTempFile();
  try {
    const env = { GITHUB_STEP_SUMMARY: path };
    await writeStepSummary({ environment: "prod", manifest: fakeManifest() }, env, { restoreHint: true });
    await writeStepSummary({ environment: "dev", error: ERROR }, env, { restoreHint: true });
    const text = await Deno.readTextFile(path);
    assertStringIncludes(text, "## ✅ Backup of prod: complete");
    assertStringIncludes(text, "## ❌ Backup of dev: failed");
    for (const name of ["orders", "auth", "settings", "supabase", "abcdefghijklmnopqrst", "secret_table"]) {
      assertEquals(text.includes(name), false, name);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("writeStepSummary() does nothing outside GitHub Actions", async () => {
  await writeStepSummary({ environment: "prod", manifest: fakeManifest() }, {}, { restoreHint: true });
});
