import { assert, assertEquals } from "@std/assert";
import { compileArguments, lacksRuntimeBase, workerFiles } from "../../scripts/compile.ts";

Deno.test("compileArguments() names the permissions, what is loaded by name, and the target", () => {
  assertEquals(
    compileArguments({ target: "aarch64-apple-darwin", output: "dist/x", included: ["lib/a/b_worker.ts"] }),
    [
      "compile",
      "--exclude-unused-npm",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-run",
      "--allow-sys",
      "--include=lib/a/b_worker.ts",
      "--target=aarch64-apple-darwin",
      "--output=dist/x",
      "tasks/main.ts",
    ],
  );
});

Deno.test("workerFiles() finds every file a Worker is started with", async () => {
  const files = await workerFiles();
  assert(files.length > 0);
  const root = new URL("../../", import.meta.url);
  for (const file of files) {
    const folder = new URL(file.replace(/[^/]+$/, ""), root);
    const name = file.split("/").at(-1) ?? file;
    const users: string[] = [];
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.name.endsWith(".ts") || entry.name === name) continue;
      const text = await Deno.readTextFile(new URL(entry.name, folder));
      if (text.includes(`new URL("./${name}", import.meta.url)`)) users.push(entry.name);
    }
    assert(users.length > 0, `${file} is started by nothing`);
  }
});

Deno.test("lacksRuntimeBase() recognises a download that failed", () => {
  assert(lacksRuntimeBase("error: Writing dist/x ... GET https://dl.deno.land/release/v2.9.6/denort-x.zip: timed out"));
  assert(!lacksRuntimeBase("error: TS2304 Cannot find name 'x'"));
});
