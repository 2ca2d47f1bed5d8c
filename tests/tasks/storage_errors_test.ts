import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { toPgstrataError } from "../../lib/base/mod.ts";
import { encryptBackup, generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { PRUNE_OPTIONS } from "../../tasks/commands/prune.ts";
import { PULL_OPTIONS } from "../../tasks/commands/pull.ts";
import { PUSH_OPTIONS } from "../../tasks/commands/push.ts";
import { run as runList } from "../../tasks/list.ts";
import { run as runPrune } from "../../tasks/prune.ts";
import { run as runPull } from "../../tasks/pull.ts";
import { run as runPush } from "../../tasks/push.ts";
import { publicSummary, putRealBackup, readTree, treeDigest } from "../crypt/real_backup.ts";
import { CutProxy, type Faults } from "../storage/cut_proxy.ts";
import { startS3 } from "../storage/s3_fixture.ts";
import { mainArguments, passedOn } from "./run_main.ts";
import { runOnShelf } from "./shelf_run.ts";

const NAME = "20260304_050607_prod";
const OTHER = "20260301_050607_prod";

/** A command that fails: its exit code and what it says. */
async function fails(
  line: string,
  shelf: string,
  env: Record<string, string>,
): Promise<{ code: number; said: string }> {
  const [command = "", ...words] = line.split(" ");
  const rest = words.join(" ");
  const given = { env };
  try {
    const run = command === "push"
      ? await runOnShelf(runPush, PUSH_OPTIONS, rest, shelf, given)
      : command === "pull"
      ? await runOnShelf(runPull, PULL_OPTIONS, rest, shelf, given)
      : command === "list"
      ? await runOnShelf(runList, LIST_OPTIONS, rest, shelf, given)
      : await runOnShelf(runPrune, PRUNE_OPTIONS, rest, shelf, given);
    return { code: run.code, said: run.err.text() };
  } catch (thrown) {
    const error = toPgstrataError(thrown);
    return { code: error.exit, said: `error: ${error.message}\nhint: ${error.hint}` };
  }
}

Deno.test("whatever is wrong with a bucket, every command that needs it has the exit code, a hint, and changes nothing", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  await using shelf = await TempFolder.create();
  const { folder } = await putRealBackup(join(shelf.path, NAME), { "db_full.dump": 50_000 });
  await putRealBackup(join(shelf.path, OTHER), { "db_full.dump": 50_000 }, { time: new Date("2026-03-01T05:06:07Z") });
  const good = { ...s3.env, AWS_ENDPOINT_URL: s3.server.endpoint, AWS_REGION: "us-east-1" };
  for (const name of [NAME, OTHER]) {
    assertEquals(
      (await runOnShelf(runPush, PUSH_OPTIONS, `${name} --to s3://backups/x`, shelf.path, { env: good })).code,
      0,
    );
  }
  const before = treeDigest(readTree(folder));
  const through = { ...good, AWS_ENDPOINT_URL: proxy.endpoint };
  const refuse = (status: number, code: string): Faults => ({ refuseWrites: { status, code } });
  const all = ["push", "pull", "list", "prune"] as const;
  const cases: readonly {
    readonly name: string;
    readonly env: Record<string, string>;
    readonly place?: string;
    readonly faults?: Faults;
    /** Commands it concerns. */
    readonly commands: readonly typeof all[number][];
    readonly code: number;
    readonly said: RegExp;
  }[] = [
    {
      name: "a wrong secret",
      env: { ...good, AWS_SECRET_ACCESS_KEY: "wrong" },
      commands: all,
      code: 4,
      said: /AWS_SECRET/,
    },
    { name: "denied access", env: { ...good, ...s3.server.nobody }, commands: all, code: 1, said: /s3:ListBucket/ },
    { name: "a missing bucket", env: good, place: "s3://not-there/x", commands: all, code: 2, said: /Make the bucket/ },
    {
      name: "nobody there",
      env: { ...good, AWS_ENDPOINT_URL: "http://127.0.0.1:9" },
      commands: all,
      code: 4,
      said: /Check the endpoint/,
    },
    {
      name: "a wrong clock",
      env: through,
      faults: refuse(403, "RequestTimeTooSkewed"),
      commands: ["push"],
      code: 4,
      said: /timedatectl/,
    },
    {
      name: "a full storage",
      env: through,
      faults: refuse(507, "XMinioStorageFull"),
      commands: ["push"],
      code: 6,
      said: /prune --remote/,
    },
  ];
  for (const { name, env, place = "s3://backups/x", faults = {}, commands, code, said } of cases) {
    for (const command of commands) {
      proxy.arm(faults);
      const target = faults.refuseWrites === undefined ? place : "s3://backups/y";
      const line = {
        push: `push ${NAME} --to ${target}`,
        pull: `pull ${OTHER} --from ${target}`,
        list: `list --from ${target}`,
        prune: `prune --keep-last 1 --apply --from ${target}`,
      }[command];
      const where = command === "pull" ? join(shelf.path, "other") : shelf.path;
      await Deno.mkdir(where, { recursive: true });
      const failed = await fails(line, where, env);
      assertEquals(failed.code, code, `${command}, ${name}: ${failed.said}`);
      assertMatch(failed.said, said, `${command}, ${name}`);
      assert(!/admin_secret|nobody_secret|^ +at /m.test(failed.said), failed.said);
      if (command === "pull") {
        const left = [...readTree(where).keys()].filter((path) => !path.startsWith(".pgstrata/"));
        assertEquals(left, [], `${command}, ${name}`);
      }
    }
  }
  assertEquals(treeDigest(readTree(folder)), before);
  const { out } = await runOnShelf(runList, LIST_OPTIONS, "--from s3://backups/x", shelf.path, {
    env: good,
    json: true,
  });
  assertEquals(
    JSON.parse(out.text()).stores[0].backups.map(({ path, kind }: Record<string, string>) => `${kind} ${path}`),
    [
      `backup ${NAME}`,
      `backup ${OTHER}`,
    ],
  );
  const half = await runOnShelf(runList, LIST_OPTIONS, "--from s3://backups/y", shelf.path, { env: good, json: true });
  assertEquals(JSON.parse(half.out.text()).stores[0].backups, [], "nothing half was stored");
});

Deno.test("of several places one of which fails, the others are shown and pruned; the exit code says it", async () => {
  await using shelf = await TempFolder.create();
  await using disk = await TempFolder.create();
  for (const day of [1, 2]) {
    const facts = { time: new Date(Date.UTC(2026, 2, day)) };
    await putRealBackup(join(disk.path, `2026030${day}_000000_prod`), { "db_full.dump": 100 }, facts);
  }
  const storage = [
    { name: "gone", url: `file://${disk.path}-not-mounted` },
    { name: "dead", url: "s3://bucket/x", endpoint: "http://127.0.0.1:9", region: "us-east-1" },
    { name: "disk", url: `file://${disk.path}` },
  ];
  await Deno.writeTextFile(join(shelf.path, "pgstrata.json"), JSON.stringify({ storage }));
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const text = await runOnShelf(runList, LIST_OPTIONS, "--remote", shelf.path, { env });
  assertEquals(text.code, 4, "the worse of the two");
  assertMatch(text.out.text(), /2 backups in file:/);
  assertMatch(text.err.text(), /no such folder[\s\S]*cannot be reached/);
  for (
    const run of [
      () => runOnShelf(runList, LIST_OPTIONS, "--remote", shelf.path, { env, json: true }),
      () => runOnShelf(runPrune, PRUNE_OPTIONS, "--remote --keep-last 1 --apply", shelf.path, { env, json: true }),
    ]
  ) {
    const { code, out } = await run();
    const document = JSON.parse(out.text());
    assertEquals(code, 4);
    assertEquals(document.stores.map(({ name }: { name: string }) => name), ["disk"]);
    assertEquals(document.errors.map(({ storage, code }: Record<string, string>) => [storage, code]), [
      ["gone", "usage"],
      ["dead", "connection"],
    ]);
  }
  assertEquals([...Deno.readDirSync(disk.path)].map(({ name }) => name), ["20260302_000000_prod"]);
});

/** Runs the command line where no file may grow beyond 2 MB, which fails as a full disk does. */
async function runOnFullDisk(args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -f 4000; trap "" XFSZ; exec "$@"', "sh", Deno.execPath(), ...mainArguments(args)],
    cwd,
    env: { ...passedOn(), NO_COLOR: "1", ...env },
    clearEnv: true,
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("a full disk ends push, pull, encrypt and decrypt with 6 and leaves what was there", async () => {
  await using shelf = await TempFolder.create();
  await using disk = await TempFolder.create();
  await using far = await TempFolder.create();
  const { identity, recipient } = await generateAgeKey();
  const sizes = { "db_full.dump": 9_000_000, "public/tables/a/data.sql": 100 };
  const { folder, files } = await putRealBackup(join(shelf.path, NAME), sizes);
  const encrypted = await putRealBackup(join(shelf.path, OTHER), sizes, { time: new Date("2026-03-01T05:06:07Z") });
  await encryptBackup(encrypted.folder, { method: "age", recipients: [recipient] }, publicSummary);
  await putRealBackup(join(far.path, "20260302_000000_prod"), sizes, { time: new Date("2026-03-02T00:00:00Z") });
  const locked = treeDigest(readTree(encrypted.folder));
  const env = { PGSTRATA_AGE_RECIPIENTS: recipient, PGSTRATA_AGE_IDENTITY: identity };
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["push", ["push", NAME, "--dir", ".", "--to", `file://${disk.path}`]],
    ["pull", ["pull", "latest", "--dir", ".", "--from", `file://${far.path}`]],
    ["encrypt", ["encrypt", NAME, "--dir", "."]],
    ["decrypt", ["decrypt", OTHER, "--dir", "."]],
    ["decrypt --to", ["decrypt", OTHER, "--dir", ".", "--to", "copy"]],
  ];
  for (const [name, words] of cases) {
    const { code, stderr } = await runOnFullDisk(words, shelf.path, env);
    assertEquals(code, 6, `${name}: ${stderr}`);
    assertMatch(stderr, /hint: Free space/, name);
    const { out } = await runOnShelf(runList, LIST_OPTIONS, "", shelf.path, { json: true });
    const shown = JSON.parse(out.text()).backups.filter(({ backup }: { backup: unknown }) => backup !== null);
    assertEquals(shown.map(({ path, kind }: Record<string, string>) => `${kind} ${path}`), [
      `backup ${NAME}`,
      `encrypted ${OTHER}`,
    ], name);
    assertEquals(treeDigest(readTree(folder)), treeDigest(files), name);
    assertEquals(treeDigest(readTree(encrypted.folder)), locked, name);
  }
  assertEquals([...readTree(disk.path).keys()].filter((path) => /manifest|\.partial$/.test(path)), []);
});

Deno.test("a destination that may only be read ends push with 1 and a hint", async () => {
  await using shelf = await TempFolder.create();
  await using disk = await TempFolder.create();
  await putRealBackup(join(shelf.path, NAME), { "db_full.dump": 100 });
  await using _readOnly = await readOnly(disk.path);
  const failed = await fails(`push ${NAME} --to file://${disk.path}`, shelf.path, {});
  assertEquals(failed.code, 1, failed.said);
  assertMatch(failed.said, /this user may write to it/);
});

/** Makes a folder one that nobody may write to; root needs a file system of that kind. */
async function readOnly(folder: string): Promise<AsyncDisposable> {
  const args = ["-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder];
  const mount = Deno.uid() === 0 ? await new Deno.Command("mount", { args }).output() : null;
  await Deno.chmod(folder, 0o500).catch(() => {});
  const isWritable = await Deno.mkdir(join(folder, "probe")).then(() => true, () => false);
  if (isWritable) throw new Error("root that may not mount: there is no way to make a folder read-only here");
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      if (mount?.success) await new Deno.Command("umount", { args: [folder] }).output();
      await Deno.chmod(folder, 0o700);
    },
  };
}
