/**
 * No secret in anything that pgstrata writes, whatever command: a row for each command of the table. Secrets are
 * planted in every way there is, commands succeed and fail, and all that comes out is searched: standard output and
 * error, every file that is written, and the arguments of every program that is started.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { processText, TempFolder } from "../../lib/system/mod.ts";
import { testServer } from "../../scripts/test_server.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { placedCommands } from "../../tasks/completion_words.ts";
import { Receiver } from "../notice/receiver.ts";
import { startS3 } from "../storage/s3_fixture.ts";
import { mainArguments, passedOn } from "./run_main.ts";
import { ArgumentSampler, leakingFiles, plant, secretsIn, watchPrograms } from "./secrets_fixture.ts";

const SPECIAL = `p:/@#%25&= ?'"\\$`;
const DATABASE = plant("the password in the URL", (core) => `${SPECIAL}${core}${SPECIAL}`);
const PGPASSWORD = plant("PGPASSWORD", (core) => `${SPECIAL}${core}`);
const SUPABASE = plant("SUPABASE_DB_PASSWORD_FAR", (core) => `${core}${SPECIAL}`);
const WRONG = plant("a wrong password", (core) => `${SPECIAL}${core}`);
const AWS = plant("AWS_SECRET_ACCESS_KEY", (core) => `wJal/${core}+K7=`);
const SESSION = plant("AWS_SESSION_TOKEN", (core) => `FwoG//${core}==`);
const PASSPHRASE = plant("the passphrase", (core) => `${core} horse ${SPECIAL}`);
const PING = plant("the ping's address", (core) => `/ping/${core}`);
const HOOK = plant("the webhook's token", (core) => `/services/T0/B0/${core}?key=${core}`);

const server = await testServer(15, { tcp: { password: new Secret(DATABASE.text) } });
const { identity, recipient } = await generateAgeKey();
const IDENTITY = { name: "the age identity", core: identity.slice("AGE-SECRET-KEY-1".length), text: identity };
const PLANTED = [DATABASE, PGPASSWORD, SUPABASE, WRONG, AWS, SESSION, PASSPHRASE, PING, HOOK, IDENTITY];

const urlTo = (user: string, password: string, database: string, port = server.cluster.port) =>
  `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

/** Command lines of each command, in the order in which they run, with the exit code that is expected. */
const ROWS: Readonly<Record<string, readonly (readonly [line: string, code: number])[]>> = {
  "snapshot install": [["--url-env DATABASE_URL_PROD --json", 0], ["--url-env WRONG_URL --debug", 4]],
  "snapshot create": [
    ["public.t --url-env DATABASE_URL_PROD --reason test --json", 0],
    ["public.t --url-env DATABASE_URL_PROD --reason test --debug", 0],
    ["public.none --url-env DATABASE_URL_PROD --reason x --debug --log-json", 2],
  ],
  "snapshot list": [["--env prod --json", 0], ["--env prod --debug", 0], ["--url-env WRONG_URL --log-json", 4]],
  "snapshot show": [["1 --env prod --json", 0], ["none --env prod --debug", 2]],
  "snapshot size": [["--env prod --json", 0], ["--url-env WRONG_URL --debug", 4]],
  "snapshot diff": [["1 --env prod --json", 0], ["1 --url-env WRONG_URL --debug", 4]],
  "snapshot restore": [["1 --env prod --into public.back --debug", 0], ["1 --url-env WRONG_URL --into x --json", 4]],
  "snapshot prune": [["--env prod --json", 0], ["--url-env WRONG_URL --debug", 4]],
  "snapshot export": [["1 --env prod --encrypt --push --debug", 4], ["1 --url-env WRONG_URL --log-json", 4]],
  "snapshot adopt": [["--env prod --json", 0], ["--url-env WRONG_URL --debug", 4]],
  // There is no pg_cron here.
  "snapshot schedule": [["public.t --at CRON --env prod --debug", 7], ["--url-env WRONG_URL --json", 4]],
  "snapshot uninstall": [["--env prod --debug", 0], ["--url-env WRONG_URL --json", 4]],
  snapshot: [["--debug", 2]],
  backup: [
    ["prod --debug --json --webhook-env HOOK_URL --metrics-file m.prom", 0],
    ["staging pg-password --debug --log-json --verbose", 0],
    ["one-off --url URL_WITH_PASSWORD --engine pg_dump --debug", 0],
    ["prod sealed --encrypt --push --debug", 4],
    ["--url-env WRONG_URL --debug --json --webhook-env HOOK_URL --metrics-file m.prom", 4],
    ["far --debug --log-json --webhook-env DEAD_HOOK_URL", 4],
  ],
  verify: [
    ["latest:staging --debug", 0],
    ["latest:prod --json --log-json", 0],
    ["latest:staging --drill --debug --json", 0],
    ["none --log-json --debug", 2],
  ],
  restore: [
    ["latest:staging --to URL_OF_TARGET --yes restored --debug", 0],
    ["latest:staging --to-env WRONG_URL --yes x --allow-prod --json --debug", 4],
    ["latest:staging --to URL_OF_TARGET --yes other --debug --log-json", 7],
  ],
  list: [["--json", 0], ["--debug", 0], ["--remote --from bucket --debug", 4], ["--remote --from disk --json", 0]],
  show: [["latest:staging --json", 0], ["latest:prod --debug", 0], ["none --debug --json", 2]],
  prune: [["--apply --debug", 7], ["--json", 7], ["--remote --from bucket --log-json --debug", 4]],
  keep: [["latest:staging --reason why --debug", 0], ["none --json", 2]],
  push: [
    ["latest:prod --to disk --debug", 0],
    ["latest:prod --to bucket --debug --json", 4],
    ["latest:prod --to good --debug", 0],
  ],
  pull: [
    ["latest:prod --from good --dir pulled --debug", 0],
    ["latest:prod --from bucket --dir elsewhere --debug --log-json", 4],
  ],
  encrypt: [["latest:staging --method gpg --passphrase-file pass.txt --debug", 0], ["none --debug --json", 2]],
  decrypt: [
    ["latest:staging --passphrase-file pass.txt --to open --debug", 0],
    ["latest:prod --to open2 --log-json", 0],
    ["latest:staging --passphrase-file wrong.txt --to open3 --debug", 2],
  ],
  diff: [["./open prod --debug", 0], ["./open --url-env WRONG_URL --json", 4], ["open3 prod --debug", 2]],
  report: [["prod --output r.html --debug", 0], ["prod --output none/r.html --json", 2]],
  doctor: [["--json", 3], ["--debug", 3], ["--url-env WRONG_URL --log-json --debug", 3]],
  init: [["--environments prod,far --recipient RECIPIENT --debug", 0], ["--keep s3 --json", 2], ["--dry-run", 0]],
  schedule: [["prod --debug", 0], ["prod --install --yes --json", 0], ["prod --at noon --debug", 2]],
  completions: [["bash --debug", 0], ["csh --json", 2]],
  help: [["backup --debug", 0], ["none --json", 2]],
};

/** Commands whose lines do not wait for each other: they only read. */
const READING = ["list", "show", "diff", "report", "doctor", "completions", "help", "snapshot list", "snapshot size"];

Deno.test("every command of the table has its row, and no row is of none", () => {
  assertEquals(
    Object.keys(ROWS).toSorted(),
    placedCommands(COMMANDS).map(({ path }) => path.join(" ")).toSorted(),
  );
});

Deno.test("secretsIn() finds a secret as it is, in URLs, JSON, base64 at every offset, and hexadecimal", () => {
  for (const secret of PLANTED) {
    const bytes = (text: string) => btoa(unescape(encodeURIComponent(text)));
    for (
      const text of [
        secret.text,
        encodeURIComponent(secret.text),
        JSON.stringify(secret.text),
        ...["", "u", "us", "user:"].map((before) => bytes(before + secret.text)),
        [...secret.text].map((letter) => letter.charCodeAt(0).toString(16)).join(""),
      ]
    ) {
      assertEquals(secretsIn(`before${text}after`, PLANTED), [secret.name]);
    }
  }
  assertEquals(secretsIn("nothing", PLANTED), []);
});

Deno.test("no command shows a secret: outputs, files, arguments of programs", async (t) => {
  await using folder = await TempFolder.create();
  await using s3 = await startS3();
  await using receiver = new Receiver([200]);
  const work = join(folder.path, "work");
  const bin = join(folder.path, "bin");
  const temporary = join(folder.path, "tmp");
  for (const path of [work, temporary, join(work, "home"), join(work, "cold"), join(work, "elsewhere")]) {
    await Deno.mkdir(path);
  }
  await Deno.chmod(folder.path, 0o755);
  // The drill's server runs as another user, below the folder for temporary files.
  await Deno.chmod(temporary, 0o1777);
  const source = await server.createDatabase({ sql: "CREATE TABLE public.t AS SELECT 1 AS a" });
  await source.psql(`CREATE ROLE keeper LOGIN SUPERUSER PASSWORD '${PGPASSWORD.text.replaceAll("'", "''")}'`);
  await source.psql("CREATE DATABASE restored");
  await watched(bin);
  const inputs = await writeInputs(work, source.name, s3.server.endpoint);

  const env: Record<string, string> = {
    ...passedOn(),
    PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`,
    DENO_DIR: JSON.parse(await processText({ program: Deno.execPath(), args: ["info", "--json"] })).denoDir,
    HOME: join(work, "home"),
    GNUPGHOME: join(work, "home"),
    TMPDIR: temporary,
    NO_COLOR: "1",
    PGSTRATA_PG_BIN: bin,
    PGPASSWORD: PGPASSWORD.text,
    AWS_ACCESS_KEY_ID: s3.server.admin.AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: AWS.text,
    AWS_SESSION_TOKEN: SESSION.text,
    AWS_REGION: "us-east-1",
    PGSTRATA_AGE_IDENTITY_FILE: join(work, "key.txt"),
    PGSTRATA_PING_URL: receiver.url(PING.text),
    HOOK_URL: receiver.url(HOOK.text),
    DEAD_HOOK_URL: `http://127.0.0.1:1${HOOK.text}`,
    WRONG_URL: urlTo("postgres", WRONG.text, source.name),
  };
  const words: Readonly<Record<string, string>> = {
    URL_WITH_PASSWORD: urlTo("postgres", DATABASE.text, source.name),
    URL_OF_TARGET: urlTo("postgres", DATABASE.text, "restored"),
    RECIPIENT: recipient,
    CRON: "0 3 * * *",
  };
  const own = new Set<number>([Deno.pid]);
  using sampler = new ArgumentSampler(PLANTED, (pid) => own.has(pid));

  const run = async (line: string, expected: number) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: mainArguments(line.split(" ").map((word) => words[word] ?? word)),
      cwd: work,
      env: line.includes("good") ? { ...env, ...s3.env, AWS_SESSION_TOKEN: "" } : env,
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    own.add(child.pid);
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, expected, `pgstrata ${line}\n${text}`);
    assertEquals(secretsIn(text, PLANTED), [], `pgstrata ${line}\n${text}`);
  };

  // The order of the commands is that of the rows: what one makes the next needs.
  for (const [name, lines] of Object.entries(ROWS)) {
    await t.step(name, async () => {
      const runs = lines.map(([line, code]) => () => run(`${name} ${line}`, code));
      if (READING.includes(name)) await Promise.all(runs.map((each) => each()));
      else for (const each of runs) await each();
    });
  }
  assertEquals(await leakingFiles(work, PLANTED, inputs), []);
  assertEquals(await leakingFiles(temporary, PLANTED, new Set()), [], "left behind in the folder for temporary files");
  const argv = await Deno.readTextFile(join(bin, ".argv"));
  for (const program of ["pg_dump", "pg_dumpall", "pg_restore", "postgres", "gpg"]) {
    assertStringIncludes(argv, `${program}\n`, "the watch did not watch");
  }
  assertEquals(secretsIn(argv, PLANTED), [], "in the arguments of a program");
  assert(sampler.samples > 50);
  assertEquals([...sampler.leaks], []);
  assert(receiver.received.some(({ path }) => path.includes(HOOK.core)), "the webhook was called");
});

/** PostgreSQL's programs, those of PATH that pgstrata starts, and two that change this machine as stand-ins. */
async function watched(bin: string): Promise<void> {
  const programs: Record<string, string> = { systemctl: "/bin/true", crontab: "/bin/true", loginctl: "/bin/true" };
  for (const { name } of Deno.readDirSync(server.tools.folder)) programs[name] = join(server.tools.folder, name);
  for (const name of ["git", "gpg", "age", "zstd", "setpriv", "nice", "ionice"]) {
    const found = (Deno.env.get("PATH") ?? "").split(":").map((folder) => join(folder, name)).find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
    if (found !== undefined) programs[name] = found;
  }
  await watchPrograms(bin, programs);
}

/** Files that hold secrets because the user put them there; gives their paths. */
async function writeInputs(work: string, database: string, endpoint: string): Promise<Set<string>> {
  const quoted = (text: string) => `"${text}"`;
  const files: Record<string, string> = {
    ".env": [
      `DATABASE_URL_PROD=${quoted(urlTo("postgres", DATABASE.text, database))}`,
      `DATABASE_URL_STAGING=${quoted(`postgresql://keeper@127.0.0.1:${server.cluster.port}/${database}`)}`,
      `SUPABASE_PROJECT_REF_FAR=abcdefghijklmnopqrst`,
      `SUPABASE_DB_PASSWORD_FAR='${SUPABASE.text.replaceAll("'", "")}'`,
      `SUPABASE_POOLER_HOST_FAR=aws-0-nowhere.pooler.supabase.invalid`,
    ].join("\n"),
    "key.txt": `${identity}\n`,
    "pass.txt": `${PASSPHRASE.text}\n`,
    "wrong.txt": `${WRONG.text}\n`,
    "pgstrata.json": JSON.stringify({
      recipients: { age: [recipient] },
      storage: [
        { name: "disk", url: `file://${work}/cold` },
        { name: "bucket", url: "s3://backups/wrong", endpoint },
        { name: "good", url: "s3://backups/good", endpoint },
      ],
      notices: [{ on: ["success", "failure"], webhookEnv: "HOOK_URL" }],
    }),
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(work, name), text, { mode: 0o600 });
  return new Set(Object.keys(files).map((name) => join(work, name)));
}
