import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import {
  FileLock,
  freeSpace,
  hashFile,
  ProcessError,
  processText,
  runProcess,
  TempFolder,
  writeFileAtomic,
} from "../../lib/system/mod.ts";

const shell = (script: string) => ({ program: "/bin/sh", args: ["-c", script] });

Deno.test("a program's output comes back, with its own environment only", async () => {
  Deno.env.set("PGSTRATA_TEST_SECRET", "leak");
  const text = await processText({ ...shell("env"), env: { OWN: "yes" } });
  Deno.env.delete("PGSTRATA_TEST_SECRET");
  assertStringIncludes(text, "OWN=yes");
  assertStringIncludes(text, "LC_ALL=C");
  assertEquals(text.includes("leak"), false);
});

Deno.test("a status other than 0 fails, with the last 8 KiB of standard error", async () => {
  const script = 'i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 3';
  const error = await assertRejects(() => runProcess(shell(script)), ProcessError);
  assertEquals(error.status, 3);
  assertStringIncludes(error.stderr, "line 1999\n");
  assert(error.stderr.length <= 8 * 1024 + 64 && error.stderr.startsWith("line "), String(error.stderr.length));
});

Deno.test("a program that somebody kills has failed, whatever it wrote before", async () => {
  const seen: string[] = [];
  const error = await assertRejects(
    () => runProcess(shell("echo all; kill -9 $$"), (chunk) => void seen.push(new TextDecoder().decode(chunk))),
    ProcessError,
  );
  assertEquals([seen.join(""), error.signalName], ["all\n", "SIGKILL"]);
});

Deno.test("a program that does not exist is a missing tool", async () => {
  const error = await assertRejects(() => runProcess({ program: "/nonexistent/pg_dump", args: [] }), PgstrataError);
  assertEquals(error.exit, 5);
});

Deno.test("cancelling ends the program, also one that ignores SIGTERM at first", async () => {
  const reason = new PgstrataError("Cannot finish: enough", { code: "interrupted" });
  const controller = new AbortController();
  const running = runProcess(
    { ...shell("echo up; exec sleep 60"), signal: controller.signal },
    () => controller.abort(reason),
  );
  assertEquals(await assertRejects(() => running, PgstrataError), reason);
  const aborted = await assertRejects(() => runProcess({ ...shell("true"), signal: controller.signal }), PgstrataError);
  assertEquals(aborted, reason);
});

Deno.test("an error while output is handled ends the program", async () => {
  await assertRejects(
    () => runProcess(shell("while :; do echo x; done"), () => Promise.reject(new Error("full"))),
    Error,
    "full",
  );
});

Deno.test("lines of standard error are seen as they come, and standard input is fed", async () => {
  const lines: string[] = [];
  const text = await processText({
    ...shell("cat; echo a >&2; printf b >&2"),
    stdin: "in",
    onStderr: (line) => lines.push(line),
  });
  assertEquals([text, lines], ["in", ["a", "b"]]);
});

Deno.test("a file is published whole or not at all", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "file");
  await writeFileAtomic(path, "one");
  await writeFileAtomic(path, "two");
  assertEquals(await Deno.readTextFile(path), "two");
  assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  await assertRejects(() => writeFileAtomic(join(folder.path, "none", "file"), "x"));
  assertEquals([...Deno.readDirSync(folder.path)].map((entry) => entry.name), ["file"]);
});

Deno.test("a lock is held by one, names its holder, and is free again afterwards", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "locks", "x.lock");
  const now = new Date("2026-01-01T00:00:00Z");
  {
    using first = await FileLock.take(path, now) as FileLock;
    assert(first instanceof FileLock);
    assertEquals(await FileLock.take(path, now), { heldBy: { pid: Deno.pid, since: now.toISOString() } });
  }
  using again = await FileLock.take(path, now) as FileLock;
  assert(again instanceof FileLock);
});

Deno.test("a lock that was given back can be had at once, also while other threads start programs", async () => {
  await using folder = await TempFolder.create();
  // Between fork and exec a program has all open files of this process. With a user it is started by fork.
  const source = `postMessage(""); for (;;) await new Deno.Command("true", { uid: ${Deno.uid()}, cwd: "/" }).output();`;
  const url = `data:application/typescript,${encodeURIComponent(source)}`;
  const workers = [1, 2].map(() => new Worker(url, { type: "module" }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve)));
  try {
    for (let round = 0; round < 300; round++) {
      const lock = await FileLock.take(join(folder.path, "lock"), new Date());
      assert(lock instanceof FileLock, `round ${round}`);
      lock[Symbol.dispose]();
    }
  } finally {
    for (const worker of workers) worker.terminate();
  }
});

Deno.test("hashes agree with sha256sum, and free space with df", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, "file");
  await Deno.writeFile(path, crypto.getRandomValues(new Uint8Array(60_000)));
  const [sum] = (await processText({ program: "sha256sum", args: [path] })).split(" ");
  assertEquals(await hashFile(path), { sha256: sum ?? "", bytes: 60_000 });
  const df = await processText({ program: "df", args: ["--output=avail", "-B1", folder.path] });
  const [ours, theirs] = [await freeSpace(folder.path), Number(df.trim().split("\n").at(-1))];
  assert(Math.abs(ours - theirs) < 2e9, `${ours} and ${theirs}`);
});
