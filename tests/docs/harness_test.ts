/** What runs the blocks of README and docs lets none of them pass that does not work. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TempFolder } from "../../lib/system/mod.ts";
import { passedOn } from "../tasks/run_main.ts";
import { blocksOf, LANGUAGES } from "./blocks.ts";
import { checkOwnCommands } from "./own_commands.ts";
import { assertShown, checkWorkflow } from "./run_page.ts";
import { differencesOfForm } from "./same_form.ts";
import { ShellSession } from "./shell_session.ts";

/** Pages that nothing would check, and what is said of them. */
const ESCAPES: readonly (readonly [string, string])[] = [
  ["```python\nprint()\n```", 'page.md:1: nothing checks blocks of the language "python"'],
  ["```bash\ntrue\n```", 'page.md:1: nothing checks blocks of the language "bash"'],
  ["```\ntrue\n```", 'page.md:1: nothing checks blocks of the language ""'],
  ["- item\n\n  ```sh\n  true\n  ```", "page.md:3: this fence would not be seen as one"],
  ["~~~sh\ntrue\n~~~", "page.md:1: this fence would not be seen as one"],
  ["```sh title=x\ntrue\n```", "page.md:1: this fence would not be seen as one"],
  ["Text\n\n    pgstrata list\n", "page.md:3: an indented block of code would not be checked"],
  ["```sh\ntrue\n", "page.md:1: the block is not closed"],
  ["<!-- not run: because -->\n\nText", "page.md:3: the comment before stands at no block"],
  ["<!-- not run: -->\n\n```sh\ntrue\n```", 'page.md:3: "not run:" says nothing about a block'],
  ["<!-- skip: me -->\n\n```sh\ntrue\n```", 'page.md:3: "skip: me" says nothing about a block'],
];

for (const [page, message] of ESCAPES) {
  Deno.test(`blocksOf() refuses ${JSON.stringify(page)}`, () => {
    assertThrows(() => blocksOf(page, "page.md"), Error, message);
  });
}

Deno.test("blocksOf() finds blocks of every language with what is said before them", () => {
  for (const language of LANGUAGES) {
    const page = `Text\n\n<!-- before: a\nb -->\n<!-- not run: why -->\n\n\`\`\`${language}\none\n\ntwo\n\`\`\`\n`;
    const [block, ...more] = blocksOf(page, "page.md");
    assertEquals(more, []);
    assertEquals(
      [block?.place, block?.language, block?.code, block?.directives.before, block?.directives.notRun],
      ["page.md:7", language, "one\n\ntwo\n", "a\nb", "why"],
    );
  }
});

Deno.test("checkOwnCommands() finds our command lines wherever they stand in shell", () => {
  const count = (code: string) => checkOwnCommands(code);
  assertEquals(count("pgstrata list   # all\n"), 1);
  assertEquals(count("X=1 pgstrata list --json | jq -r '.a | .b' && pgstrata prune || pgstrata doctor 2>> log\n"), 3);
  assertEquals(count('cd "$(pgstrata show latest --json | jq -r .folder)"\n'), 1);
  assertEquals(count("pgstrata restore latest \\\n  --to staging --yes shop\n"), 1);
  assertEquals(count("cat <<'END'\npgstrata nonsense\nEND\nls pgstrata\n"), 0);
  assertEquals(count("npx deno@2.9.6 task backup:prod pre-upgrade\ndeno task test\n"), 1);
});

for (
  const line of [
    "pgstrata lst",
    "pgstrata list --jsn",
    "true && pgstrata prune --keep-lst 3",
    'echo "$(pgstrata show)"',
    "deno task backup:prod --labl x",
    "deno task no-such-task",
  ]
) Deno.test(`checkOwnCommands() refuses ${line}`, () => void assertThrows(() => checkOwnCommands(line)));

Deno.test("assertShown() takes … for anything, and lines in their order only", () => {
  const output = "one  two three\nfour\nfive 5 six\n";
  assertShown("one two\nfive … six\n", output);
  for (const expected of ["two one", "four\none", "five … seven", "fives"]) {
    assertThrows(() => assertShown(expected, output), Error, "was not printed");
  }
});

/** Documents, and where they differ from the one that is shown. */
const FORMS: readonly (readonly [unknown, readonly string[]])[] = [
  [{ a: 2, list: [{ x: "z", y: null }], durations: { other: 5 }, n: null }, []],
  [{ a: 1, list: [], durations: {}, n: { any: 1 } }, []],
  [{ list: [], durations: {}, n: null }, ["$.a is not there"]],
  [{ a: 1, b: 2, list: [], durations: {}, n: null }, ["$.b is not shown"]],
  [{ a: "1", list: [], durations: {}, n: null }, ["$.a is shown as number, and is string"]],
  [{ a: 1, list: [{ x: "z" }], durations: {}, n: null }, ["$.list[].y is not there"]],
  [{ a: 1, list: [{ x: "z", y: "no" }], durations: {}, n: null }, ["$.list[].y is shown as number, and is string"]],
  [{ a: 1, list: {}, durations: {}, n: null }, ["$.list is shown as list, and is object"]],
  [{ a: 1, list: [], durations: { read: "5" }, n: null }, ["$.durations.read is shown as number, and is string"]],
];

for (const [document, differences] of FORMS) {
  Deno.test(`differencesOfForm() of ${JSON.stringify(document)}`, () => {
    const shown = { a: 1, list: [{ x: "x", y: 1 }], durations: { read: 1 }, n: null };
    assertEquals(differencesOfForm(shown, document), differences);
  });
}

Deno.test("differencesOfForm() tells members of a list that the page shows as empty", () => {
  assertEquals(differencesOfForm({ list: [] }, { list: [1] }), ["$.list is not shown with members, but has some"]);
});

Deno.test("checkWorkflow() finds a mistake in a workflow", async () => {
  const workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ls\n";
  await checkWorkflow(workflow);
  await assertRejects(() => checkWorkflow(workflow.replace("runs-on", "run-on")));
});

Deno.test("a shell session keeps folder and variables, and stops a piece at its first failure", async () => {
  await using folder = await TempFolder.create();
  await using shell = new ShellSession({ cwd: folder.path, env: passedOn(), folder: folder.path });
  assertEquals(await shell.run("mkdir below; cd below; name=value; f() { echo $name; }"), { status: 0, output: "" });
  assertEquals(await shell.run("f; basename $PWD; echo error >&2"), { status: 0, output: "value\nbelow\nerror\n" });
  assertEquals(await shell.run("echo one; (exit 3); echo two"), { status: 3, output: "one\n" });
  assertEquals(await shell.run("false | true"), { status: 1, output: "" });
  assertEquals(await shell.run("false || echo saved; cat"), { status: 0, output: "saved\n" });
});
