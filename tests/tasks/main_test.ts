import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mainArguments, passedOn, ROOT, runMain } from "./run_main.ts";

Deno.test("pgstrata alone shows the help on standard error and ends with 2", async () => {
  const { code, stdout, stderr } = await runMain([]);
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: pgstrata <command>");
});

Deno.test("pgstrata --help, -h and help show the help on standard output", async () => {
  const texts = await Promise.all([["--help"], ["-h"], ["help"]].map((args) => runMain(args)));
  for (const { code, stdout, stderr } of texts) {
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, texts[0]?.stdout);
  }
});

Deno.test("pgstrata backup --help, help backup and backup help show the same, and nothing is backed up", async () => {
  const [first, ...others] = await Promise.all(
    [["backup", "--help"], ["help", "backup"], ["backup", "help"]].map((args) => runMain(args)),
  );
  assertEquals(others, [first, first]);
  const [group, same] = await Promise.all([runMain(["help", "snapshot"]), runMain(["snapshot", "help"])]);
  assertEquals([same?.code, same], [0, group]);
  assertStringIncludes(first?.stdout ?? "", "--lock-wait-timeout TIME");
});

Deno.test("pgstrata --version names pgstrata, Deno and the clients", async () => {
  const { code, stdout } = await runMain(["--version"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^pgstrata \d+\.\d+\.\d+\ndeno \d+\.\d+\.\d+\npg_dump (not found|\d+.* \(\/.+\))\n/);
  const json = JSON.parse((await runMain(["--version", "--json"])).stdout);
  assertEquals([json.version, json.command, json.deno], [1, "version", Deno.version.deno]);
});

Deno.test("pgstrata says what a mistyped command probably is", async () => {
  const { code, stdout, stderr } = await runMain(["bakcup"]);
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    'error: Cannot run "bakcup": there is no such command\nhint: Did you mean backup? See: pgstrata help\n',
  );
});

Deno.test("pgstrata --json prints an error as a document too", async () => {
  const { code, stdout } = await runMain(["backup", "--json", "--jobs", "0"]);
  assertEquals(code, 2);
  assertEquals(JSON.parse(stdout), {
    version: 1,
    command: null,
    errors: [{
      code: "usage",
      exit: 2,
      message: 'Cannot read --jobs: "0" is not a whole number from 1 to 256',
      causes: [],
      context: {},
      hint: "See: pgstrata help backup",
    }],
  });
});

Deno.test("pgstrata shows no password of a URL in the wrong place", async () => {
  const { code, stderr } = await runMain(["backup", "prod", "x", "postgresql://u:hunter2@h/d"]);
  assertEquals(code, 2);
  assert(!stderr.includes("hunter2"), stderr);
});

Deno.test("pgstrata backup reads .env and names what is not configured", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await runMain(["backup", "prod"], { cwd: folder });
    assertEquals(code, 2);
    assertStringIncludes(stderr, "DATABASE_URL_PROD");
    await Deno.writeTextFile(`${folder}/.env`, "DATABASE_URL_PROD=postgresql://u:hunter2@h:5432/d?sslmode=perhaps\n", {
      mode: 0o600,
    });
    const second = await runMain(["backup", "prod"], { cwd: folder });
    assertEquals(second.code, 2);
    assertStringIncludes(second.stderr, "sslmode");
    assert(!second.stderr.includes("hunter2"), second.stderr);
    await Deno.writeTextFile(`${folder}/.env`, "DATABASE_URL_PROD=postgresql://u:hunter2@127.0.0.1:1/d\n");
    await Deno.chmod(`${folder}/.env`, 0o644);
    const third = await runMain(["backup", "prod"], { cwd: folder });
    assertEquals([third.code, third.stderr.match(/chmod 600/g)?.length], [4, 1], third.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a reader of standard output that goes away is not an error", async () => {
  const words = [Deno.execPath(), ...mainArguments(["help", "--man"])].map((word) => `'${word}'`).join(" ");
  // `exec 0<&-` closes the pipe before anything is written.
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `{ ${words}; echo "code $?" >&2; } | { exec 0<&-; sleep 1; }`],
    cwd: ROOT,
    env: passedOn(),
    clearEnv: true,
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stdout), decoder.decode(stderr)], [0, "", "code 0\n"]);
});

Deno.test("an error that nobody waited for aborts the command and ends it with 1", async () => {
  const main = JSON.stringify(`${ROOT}tasks/main.ts`);
  const script = `
    const { watchForFailures } = await import(${main});
    const failure = watchForFailures();
    Promise.reject(new Error("nobody waits for this"));
    await new Promise((resolve) => failure.addEventListener("abort", resolve));
    console.log(failure.reason.exit, failure.reason.message, failure.reason.cause.message);
  `;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", `--config=${ROOT}deno.json`, script],
    env: { ...passedOn(), NO_COLOR: "1" },
    clearEnv: true,
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [
    0,
    "1 Cannot finish: something failed that nothing waited for nobody waits for this\n",
  ]);
});

/** Runs a command line in a shell, with redirections; what still can be printed, and the exit code. */
async function inShell(args: readonly string[], redirections: string): Promise<string> {
  const words = [Deno.execPath(), ...mainArguments(args)].map((word) => `'${word}'`).join(" ");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `{ ${words}; echo "code $?" >&3; } 3>&1 ${redirections}`],
    cwd: ROOT,
    env: { ...passedOn(), NO_COLOR: "1" },
    clearEnv: true,
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("a result that cannot be printed is exit code 6, with --json too", async () => {
  const shelf = await Deno.makeTempDir();
  try {
    for (const args of [["help"], ["list", "--json", "--dir", shelf]]) {
      const said = await inShell(args, "2>&3 >/dev/full");
      assertStringIncludes(said, "error: Cannot print: the system refused\ncause: No space left on device");
      assertStringIncludes(said, "code 6\n");
    }
  } finally {
    await Deno.remove(shelf, { recursive: true });
  }
});

Deno.test("a log on a full disk changes nothing about how a command ends", async () => {
  assertEquals(await inShell(["bakcup"], "2>/dev/full"), "code 2\n");
  assertEquals(await inShell(["show", "nothing", "--json"], ">/dev/full 2>/dev/full"), "code 2\n");
  assertMatch(await inShell(["help", "list"], "2>/dev/full"), /^pgstrata list.*code 0\n$/s);
});
