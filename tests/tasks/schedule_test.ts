import { assert, assertEquals, assertFalse, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { ProcessError, processText, TempFolder } from "../../lib/system/mod.ts";
import type { Invocation, TaskContext } from "../../tasks/command.ts";
import { SCHEDULE_OPTIONS } from "../../tasks/commands/schedule.ts";
import { ownCommand } from "../../tasks/own_command.ts";
import { run, type ScheduleDeps } from "../../tasks/schedule.ts";
import { cronBlock, withCronBlock } from "../../tasks/schedule_cron.ts";
import { type RunName, scheduledRuns } from "../../tasks/schedule_plan.ts";
import { systemdUnits, systemdWord } from "../../tasks/schedule_systemd.ts";
import { parseOptions } from "../../tasks/parse.ts";
import { type FakeContext, fakeContext } from "./fake_context.ts";

const ALL: readonly RunName[] = ["daily", "weekly", "monthly", "quarterly", "pre-release"];
const BINARY = { execPath: "/usr/local/bin/pgstrata", main: "file:///x/main.ts", compiled: true };

const runs = (change: Partial<Parameters<typeof scheduledRuns>[0]> = {}) =>
  scheduledRuns({ environment: "prod", only: ALL, at: "02:17", hasStorage: true, hasRecipients: true, ...change });

async function schedule(
  line: string,
  deps: ScheduleDeps = {},
  given: Partial<TaskContext> = {},
): Promise<FakeContext & { readonly code: number }> {
  const context = fakeContext(given);
  const invocation = parseOptions(line.split(" "), SCHEDULE_OPTIONS) as Invocation<typeof SCHEDULE_OPTIONS>;
  return { ...context, code: await run(invocation, context, { running: BINARY, hasSystemd: true, ...deps }) };
}

Deno.test("the runs are daily, weekly full and schema-only, monthly to storage, a drill each quarter, and pre-release", () => {
  assertEquals(
    runs().map(({ name, when, commands }) => [name, when?.cron ?? null, commands.map((words) => words.join(" "))]),
    [
      ["daily", "17 2 * * *", ["backup prod daily --prune --quiet"]],
      ["weekly", "17 3 * * 0", ["backup prod weekly-schema --schema-only --quiet", "backup prod weekly --quiet"]],
      ["monthly", "17 5 1 * *", [
        "backup prod monthly --quiet",
        "encrypt latest:prod --quiet",
        "push latest:prod --quiet",
      ]],
      ["quarterly", "17 4 1 1,4,7,10 *", ["verify latest:prod --drill --quiet"]],
      ["pre-release", null, ["backup prod pre-upgrade --quiet", "verify latest:prod --quiet"]],
    ],
  );
  const monthly = runs({ hasStorage: false, hasRecipients: false, only: ["monthly"] });
  assertEquals(monthly.map(({ commands }) => commands.length), [1], "nothing to encrypt for, nowhere to push");
});

Deno.test("a late hour goes on past midnight, and a time that is none is refused", () => {
  assertEquals(runs({ at: "23:05" }).map(({ when }) => when?.cron.split(" ").slice(0, 2).join(" ")), [
    "5 23",
    "5 0",
    "5 2",
    "5 1",
    undefined,
  ]);
  for (const wrong of ["24:00", "2", "02:60", "noon"]) {
    assertThrows(() => runs({ at: wrong }), PgstrataError, "no time of day");
  }
});

for (
  const [word, expected] of [["a b", '"a b"'], ["50%", "50%%"], ["$HOME", "$$HOME"], [
    'say "x"',
    '"say \\"x\\""',
  ]] as const
) {
  Deno.test(`systemdWord() writes ${word} as ${expected}`, () => assertEquals(systemdWord(word), expected));
}

for (const kind of ["user", "system"] as const) {
  Deno.test(`systemd-analyze verify has nothing to say about the units of a ${kind}'s manager`, async () => {
    await using folder = await TempFolder.create();
    await Deno.mkdir(`${folder.path}/my app`);
    const program = `${folder.path}/my app/pg strata`;
    await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o755 });
    const units = systemdUnits(runs(), {
      command: [program],
      folder: `${folder.path}/my app`,
      system: kind === "user" ? null : { user: "root", writable: `${folder.path}/my app/backups` },
    });
    assertEquals(units.length, 9);
    for (const { name, text } of units) await Deno.writeTextFile(`${folder.path}/${name}`, text);
    const { code, stderr } = await new Deno.Command("systemd-analyze", {
      args: [
        ...kind === "user" ? ["--user"] : [],
        "verify",
        "--man=no",
        ...units.map(({ name }) => `${folder.path}/${name}`),
      ],
      env: { XDG_RUNTIME_DIR: folder.path },
    }).output();
    const said = new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("pgstrata-"));
    assertEquals([code, said], [0, []]);
    // The judge judges: a key that systemd does not know is found.
    await Deno.writeTextFile(`${folder.path}/pgstrata-bad.service`, `${units[0]?.text}ExcStart=x\n`);
    const bad = await new Deno.Command("systemd-analyze", {
      args: ["verify", "--man=no", `${folder.path}/pgstrata-bad.service`],
    }).output();
    assertStringIncludes(new TextDecoder().decode(bad.stderr), "ExcStart");
  });
}

Deno.test("systemd takes the calendars, at the times of the crontab lines", async () => {
  for (const { when } of runs()) {
    if (when === null) continue;
    const text = await processText({ program: "systemd-analyze", args: ["calendar", when.calendar] });
    const [minute, hour] = when.cron.split(" ");
    assertStringIncludes(text, `0${hour}:${minute}:00`);
  }
});

Deno.test("crontab lines change to the folder and stop at the first failure; % is escaped", () => {
  const block = cronBlock(runs({ only: ["weekly"] }), { command: ["/opt/pg strata"], folder: "/srv/50%" });
  assertEquals(
    block,
    "# pgstrata prod: begin\n# weekly full and schema-only backup of prod\n" +
      "17 3 * * 0 cd /srv/50\\% && run() { '/opt/pg strata' \"$@\" > /dev/null; } && " +
      "run backup prod weekly-schema --schema-only --quiet && run backup prod weekly --quiet\n# pgstrata prod: end\n",
  );
});

Deno.test("the shell of cron runs every call of a line, with its words, until one fails; lines stay below cron's 999", async () => {
  await using folder = await TempFolder.create();
  const program = `${folder.path}/it's a program`;
  await Deno.writeTextFile(program, '#!/bin/sh\nprintf "%s|" "$@" >> log\necho >> log\n! [ "$1" = encrypt ]\n', {
    mode: 0o700,
  });
  const standing = ["--dir=/srv/a b"];
  const block = cronBlock(runs({ only: ["monthly"], standing }), { command: [program], folder: folder.path });
  const command = block.split("\n")[2]?.replace(/^\S+ \S+ \S+ \S+ \S+ /, "") ?? "";
  await new Deno.Command("/bin/sh", { args: ["-c", command], clearEnv: true, env: { PATH: "/usr/bin:/bin" } }).output();
  assertEquals(
    await Deno.readTextFile(`${folder.path}/log`),
    "backup|prod|monthly|--quiet|--dir=/srv/a b|\nencrypt|latest:prod|--quiet|--dir=/srv/a b|\n",
  );
  const deno = {
    execPath: `/home/${"u".repeat(60)}/deno`,
    main: `file:///home/${"u".repeat(60)}/tasks/main.ts`,
    compiled: false,
  };
  const long = cronBlock(runs(), { command: ownCommand(undefined, deno), folder: `/home/${"u".repeat(60)}` });
  for (const line of long.split("\n")) assert(line.length < 999, line);
});

Deno.test("both and all are written down for each environment where a backup is named", async () => {
  const env = { DATABASE_URL_PROD: "x", DATABASE_URL_DEV: "x", DATABASE_URL_EU_WEST: "x" };
  const lines = async (line: string) =>
    (await schedule(`${line} --form cron --only quarterly`, {}, { env })).out.text().split("\n")[2] ?? "";
  assertStringIncludes(
    await lines("both"),
    "run verify latest:prod --drill --quiet && run verify latest:dev --drill --quiet",
  );
  assertEquals((await lines("all")).match(/latest:\S+/g), ["latest:dev", "latest:eu-west", "latest:prod"]);
  const error = await assertRejects(() => schedule("all"), PgstrataError, "no environment is configured");
  assertEquals(error.code, "usage");
});

Deno.test("a path with a line break is refused: it would end the line of a crontab or a unit", async () => {
  for (const form of ["cron", "systemd"]) {
    const error = await assertRejects(() => schedule(`prod --form ${form}`, {}, { dir: "/a\nb" }), PgstrataError);
    assertEquals([error.code, error.context["path"]], ["usage", '"--dir=/a\\nb"']);
  }
});

Deno.test("schedule says when the daily run's pruning throws away weekly and monthly backups", async () => {
  await using folder = await TempFolder.create();
  const given = { cwd: folder.path, env: { DATABASE_URL_PROD: "x" } };
  assertStringIncludes((await schedule("prod", {}, given)).err.text(), "throws away weekly and monthly backups");
  assertEquals((await schedule("prod --only weekly", {}, given)).err.text(), "");
  await Deno.writeTextFile(`${folder.path}/pgstrata.json`, '{"retention": {"policy": "kinds"}}');
  assertEquals((await schedule("prod --only daily,weekly", {}, given)).err.text(), "");
});

Deno.test("a crontab keeps its own lines; the block of the same environment is replaced, another's is not", () => {
  const own = "MAILTO=me\n0 1 * * * /bin/true\n";
  const daily = cronBlock(runs({ only: ["daily"] }), { command: ["/p"], folder: "/f" });
  const staging = cronBlock(runs({ only: ["daily"], environment: "staging" }), { command: ["/p"], folder: "/f" });
  const once = withCronBlock(own, "prod", daily);
  assertEquals(once, own + daily);
  assertEquals(withCronBlock(once, "prod", daily), once);
  const both = withCronBlock(once, "staging", staging);
  const changed = withCronBlock(both, "prod", cronBlock(runs({ only: ["weekly"] }), { command: ["/p"], folder: "/f" }));
  assert(changed.startsWith(own) && changed.includes(staging) && !changed.includes("prod daily"), changed);
});

Deno.test("schedule prints, and installs nothing without --install and --yes", async () => {
  const called: string[] = [];
  const runProgram = (program: string) => Promise.resolve(void called.push(program)).then(() => "");
  const printed = await schedule("prod --only daily", { runProgram });
  assertEquals(printed.code, 0);
  assertStringIncludes(printed.out.text(), "ExecStart=/usr/local/bin/pgstrata backup prod daily --prune --quiet\n");
  assertStringIncludes(printed.out.text(), "OnCalendar=*-*-* 02:17:00\n");
  const error = await assertRejects(() => schedule("prod --install", { runProgram }), PgstrataError);
  assertEquals([error.code, called], ["refused", []]);
});

Deno.test("timers use the shelf and the configuration that were named, and an environment without URL is told", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(`${folder.path}/c.json`, "{}");
  const given = { cwd: folder.path, dir: "/srv/my backups", config: "c.json", env: { DATABASE_URL_PROD: "x" } };
  const { out, err } = await schedule("prod --only daily --form cron", {}, given);
  assertStringIncludes(
    out.text(),
    `backup prod daily --prune --quiet '--dir=/srv/my backups' --config=${folder.path}/c.json > /dev/null\n`,
  );
  assertEquals(err.text(), "");
  const other = await schedule("eu --only daily", {}, { ...given, dir: undefined, env: { PGSTRATA_DIR: "b" } });
  assertStringIncludes(other.out.text(), `backup eu daily --prune --quiet --dir=${folder.path}/b --config=`);
  assertStringIncludes(other.err.text(), "no connection string of eu is configured");
});

Deno.test("schedule --install --yes writes units, starts the timers, and does it again without harm", async () => {
  await using home = await TempFolder.create();
  const called: string[] = [];
  const runProgram = (program: string, args: readonly string[]) => {
    called.push([program, ...args].join(" "));
    return Promise.resolve("");
  };
  const given = { env: { HOME: home.path } };
  const line = "prod --only daily,pre-release --install --yes";
  const first = await schedule(line, { runProgram }, given);
  const folder = `${home.path}/.config/systemd/user`;
  assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).toSorted(), [
    "pgstrata-prod-daily.service",
    "pgstrata-prod-daily.timer",
    "pgstrata-prod-pre-release.service",
  ]);
  assertEquals(called, ["systemctl --user daemon-reload", "systemctl --user enable --now pgstrata-prod-daily.timer"]);
  assertStringIncludes(first.err.text(), "loginctl enable-linger");
  assertStringIncludes((await schedule(line, { runProgram }, given)).err.text(), "there already: ");
  const changed = `${folder}/pgstrata-prod-daily.timer`;
  await Deno.writeTextFile(changed, "mine");
  const error = await assertRejects(() => schedule(line, { runProgram }, given), PgstrataError);
  assertEquals([error.code, error.context["files"], await Deno.readTextFile(changed)], ["refused", changed, "mine"]);
});

Deno.test("schedule --form cron --install --yes adds to the crontab, also where there is none", async () => {
  let crontab: string | null = null;
  const runProgram = (program: string, args: readonly string[], stdin?: string) => {
    assertEquals(program, "crontab");
    if (args[0] === "-") {
      crontab = stdin ?? "";
      return Promise.resolve("");
    }
    return crontab === null
      ? Promise.reject(new ProcessError("crontab", 1, null, "no crontab for root"))
      : Promise.resolve(crontab);
  };
  const { err } = await schedule("prod --form cron --only daily,weekly --install --yes", { runProgram });
  assertStringIncludes(err.text(), "written into this user's crontab: 2 lines");
  assertStringIncludes(crontab ?? "", "# pgstrata prod: begin\n");
  const again = await schedule("prod --form cron --only daily,weekly --install --yes", { runProgram });
  assertStringIncludes(again.err.text(), "the crontab has these lines already");
});

Deno.test("ownCommand() is the binary, or Deno with the task's permissions; a name without a path is refused", () => {
  assertEquals(ownCommand(undefined, BINARY), ["/usr/local/bin/pgstrata"]);
  const deno = ownCommand(undefined, {
    execPath: "/usr/bin/deno",
    main: "file:///srv/p/tasks/main.ts",
    compiled: false,
  });
  assertEquals([deno[0], deno[1], deno[2], deno.at(-1)], [
    "/usr/bin/deno",
    "run",
    "--config=/srv/p/deno.json",
    "/srv/p/tasks/main.ts",
  ]);
  assertFalse(deno.includes("-A"));
  assertEquals(ownCommand("/opt/pgstrata --debug", BINARY), ["/opt/pgstrata", "--debug"]);
  assertThrows(() => ownCommand("pgstrata", BINARY), PgstrataError, "absolute path");
});

Deno.test("the permissions of ownCommand() are those of the task pgstrata in deno.json", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const words = ownCommand(undefined, { execPath: "/d/deno", main: "file:///p/tasks/main.ts", compiled: false });
  assertEquals(tasks.pgstrata.command.split(" ").slice(2, -1), words.slice(3, -1));
});
