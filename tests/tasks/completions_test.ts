import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { defineCommand, defineGroup } from "../../tasks/command.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { ensureProgram } from "../../scripts/test_programs.ts";
import { completionScript } from "../../tasks/completions.ts";

const list = defineCommand({
  name: "list",
  summary: "list them; it's all",
  description: ["d"],
  positionals: [{ name: "folder", summary: "where", completes: "folder" }],
  options: { how: { kind: "choice", choices: ["short", "long"], summary: "how [much]: it's said" } },
  examples: [],
  load: () => Promise.resolve({ run: () => Promise.resolve(0) }),
});

/** The real table, and a command with commands below it. */
const TABLE = [
  ...COMMANDS,
  defineGroup({ name: "copies", summary: "copies", description: ["d"], examples: [] }, [list]),
];

async function shell(
  name: "bash" | "fish" | "zsh",
  args: readonly string[],
  script: string,
  cwd: string,
): Promise<string[]> {
  const program = name === "bash" ? { path: "bash", env: {} } : await ensureProgram(name);
  const file = `${cwd}/.script`;
  await Deno.writeTextFile(file, script);
  const { stdout, stderr, success } = await new Deno.Command(program.path, {
    args: [...args, file],
    env: program.env,
    cwd,
    signal: AbortSignal.timeout(60_000),
  }).output();
  const errors = new TextDecoder().decode(stderr);
  assertEquals([success, errors], [true, ""], errors);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").sort();
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/backups`);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ENVIRONMENTS = ["all", "both", "dev", "prod", "staging"];

/** Words on the line (the last is being written) and what completes it. */
const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [[""], TABLE.map(({ name }) => name).sort()],
  [["ba"], ["backup"]],
  [["--q"], ["--quiet"]],
  [["backup", ""], ENVIRONMENTS],
  [["backup", "pr"], ["prod"]],
  [["backup", "prod", "--ex"], ["--exclude-schema", "--exclude-table", "--exclude-table-data"]],
  [["backup", "--no-"], ["--no-privileges", "--no-restore-hint", "--no-room-check"]],
  [["backup", "--layout", ""], ["ci", "runbook"]],
  [["backup", "--layout", "=", "r"], ["runbook"]],
  [["backup", "--layout", "="], ["ci", "runbook"]],
  [["backup", "--tiers", "full,sch"], ["full,schema"]],
  [["backup", "--label", ""], []],
  [["backup", "--dir", "ba"], ["backups"]],
  [["completions", ""], ["bash", "fish", "zsh"]],
  [["help", "ba"], ["backup"]],
  [["copies", ""], ["list"]],
  [["copies", "list", "--how", ""], ["long", "short"]],
  [["copies", "list", "ba"], ["backups"]],
];

Deno.test("bash completes", async (t) => {
  await inFolder(async (folder) => {
    for (const [words, expected] of CASES) {
      await t.step(`pgstrata ${words.join(" ")}`, async () => {
        const quoted = ["pgstrata", ...words].map((word) => `'${word}'`).join(" ");
        const script = `${completionScript("bash", TABLE)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
_pgstrata
printf '%s\\n' "\${COMPREPLY[@]}"`;
        assertEquals(await shell("bash", ["--norc"], script, folder), expected);
      });
    }
  });
});

Deno.test("fish completes", async (t) => {
  await inFolder(async (folder) => {
    for (const [words, expected] of CASES) {
      const line = words.join(" ").replace(" = ", "=").replace(/ =$/, "=");
      await t.step(`pgstrata ${line}`, async () => {
        const script = `${completionScript("fish", TABLE)}\ncomplete -C 'pgstrata ${line}'`;
        const found = (await shell("fish", ["--no-config"], script, folder)).map((entry) => entry.split("\t")[0] ?? "");
        const wanted = expected.map((word) => line.includes("=") ? `--layout=${word}` : word)
          .map((word) => word === "backups" ? "backups/" : word);
        // fish also offers what begins differently, and short options; what we expect has to be there.
        for (const word of wanted) {
          assertEquals(found.includes(word) || line.includes(","), true, `${word} in ${found}`);
        }
        if (words.at(-1) === "" && expected.length > 0) assertEquals(found, [...wanted].sort());
      });
    }
  });
});

Deno.test("zsh reads its script, and completes", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/_pgstrata`, completionScript("zsh", TABLE));
    // A pseudo terminal inside zsh: what is listed after TAB is what people see. Reading waits for the words.
    const script = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=(${folder} \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' list-choices; echo IS''READY"
zpty -r z out '*ISREADY*'
see() {
  zpty -n -w z "$1"$'\\t'
  zpty -r z out "*$2*" && print -r -- "$1$2"
  zpty -n -w z $'\\C-u'
}
see 'pgstrata ' 'back up a database'
see 'pgstrata backup --layout ' 'runbook'
see 'pgstrata copies list --how ' 'short'
see 'pgstrata backup --tiers ' 'schema'
zpty -d z`;
    assertEquals(await shell("zsh", ["-f"], script, folder), [
      "pgstrata back up a database",
      "pgstrata backup --layout runbook",
      "pgstrata backup --tiers schema",
      "pgstrata copies list --how short",
    ]);
  });
});

Deno.test("completionScript() refuses a shell it does not know", () => {
  const error = assertThrows(() => completionScript("csh", TABLE), PgstrataError);
  assertEquals([error.message, error.hint], [
    "Cannot complete for csh: the shell is not known",
    "There are: bash, zsh, fish.",
  ]);
});
