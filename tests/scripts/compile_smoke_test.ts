/**
 * The binary's smoke test. With `PGSTRATA_BINARY` it takes that binary, with `DENORT_BIN` it compiles one; elsewhere,
 * since the runtime base cannot be downloaded everywhere, it runs what `deno compile` would embed.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename, join, resolve } from "@std/path";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { startS3 } from "../storage/s3_fixture.ts";
import { ROOT } from "../tasks/run_main.ts";
import { makeBundle, type Program } from "./compile_bundle.ts";

const server = await testServer();

async function programUnderTest(folder: string): Promise<Program> {
  const binary = Deno.env.get("PGSTRATA_BINARY");
  if (binary) return { words: [resolve(ROOT, binary)], env: {} };
  if (!Deno.env.get("DENORT_BIN")) return await makeBundle(folder);
  const output = join(folder, "pgstrata");
  await processText({
    program: Deno.execPath(),
    args: ["run", "--allow-all", "scripts/compile.ts", "--output", output],
    cwd: ROOT,
  });
  return { words: [output], env: {} };
}

Deno.test("what deno compile embeds does it all, alone: backup, verify, drill, restore, S3, age, report", async (t) => {
  await using folder = await TempFolder.create();
  await using work = await TempFolder.create();
  await using s3 = await startS3();
  const { words: [program = "", ...words], env: programEnv } = await programUnderTest(folder.path);
  const { identity, recipient } = await generateAgeKey();
  await Deno.writeTextFile(join(work.path, "key.txt"), `${identity}\n`, { mode: 0o600 });
  await Deno.writeTextFile(
    join(work.path, "pgstrata.json"),
    JSON.stringify({
      recipients: { age: [recipient] },
      storage: [{ name: "bucket", url: "s3://backups/smoke", endpoint: s3.server.endpoint }],
    }),
  );
  const source = await server.createDatabase("sample");
  const target = await server.createDatabase();
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, text } = await start(...args);
    assertEquals(code, 0, `pgstrata ${args.join(" ")}\n${text}`);
    return stdout;
  };
  const start = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...words, ...args],
      cwd: work.path,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        // A home without the project's cache: nothing is found there by chance.
        HOME: work.path,
        NO_COLOR: "1",
        ...programEnv,
        ...s3.env,
        AWS_REGION: "us-east-1",
        DATABASE_URL_PROD: source.url,
        PGSTRATA_PG_BIN: server.tools.folder,
        PGSTRATA_AGE_IDENTITY_FILE: join(work.path, "key.txt"),
      },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    // Deno's own words, such as a prompt or a download, belong to no binary.
    assertEquals(/^(?:Download|Warning|error:)/m.exec(text), null, text);
    return { code, text, stdout: new TextDecoder().decode(stdout) };
  };
  const backupNamed = (pattern: RegExp): string => {
    const found = [...Deno.readDirSync(join(work.path, "backups"))].find(({ name }) => pattern.test(name));
    return join("backups", found?.name ?? "none");
  };
  const step = (name: string, work: () => Promise<void>) => t.step(name, work);

  await step("--version and help", async () => {
    assertStringIncludes(await run("--version"), `pg_dump ${server.tools.version}`);
    assertStringIncludes(await run("help", "backup"), "--lock-wait-timeout");
    assertStringIncludes(await run("completions", "bash"), "_pgstrata");
  });
  await step("backup in Workers, encrypted with age, copied to S3", async () => {
    assertStringIncludes(await run("backup", "prod", "--label", "plain"), "_prod_plain");
    await run("backup", "prod", "--encrypt", "--push");
  });
  await step("verify, and a drill of what is encrypted", async () => {
    await run("verify", backupNamed(/_plain$/));
    await run("verify", backupNamed(/_prod$/), "--drill");
  });
  await step("pull and decrypt", async () => {
    const name = basename(backupNamed(/_prod$/));
    await run("pull", name, "--from", "bucket", "--dir", "pulled");
    await run("decrypt", join("pulled", name), "--to", "open");
  });
  await step("restore, and the rows are there", async () => {
    await run("restore", "latest:prod", "--to", target.url, "--yes", target.name);
    const sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog')";
    assertEquals(await target.psql(sql), await source.psql(sql));
    assert(Number((await source.psql(sql)).trim()) > 3);
  });
  await step("report, diff and doctor", async () => {
    await run("report", "prod", "--output", "report.html");
    assertStringIncludes(await Deno.readTextFile(join(work.path, "report.html")), "<svg");
    await run("diff", backupNamed(/_plain$/), "prod");
    // The sample's findings are not its business: that it comes as far as the database is.
    assertStringIncludes((await start("doctor", "prod")).stdout, "logged in as");
  });
});
