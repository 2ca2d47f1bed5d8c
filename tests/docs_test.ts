/** README and docs show only what runs. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { processText, TempFolder } from "../lib/system/mod.ts";
import { testServer } from "../scripts/test_server.ts";
import { COMMANDS } from "../tasks/commands.ts";
import { parseCommandLine } from "../tasks/parse.ts";
import { backUp } from "./backup/backup_fixture.ts";
import { ROOT } from "./tasks/run_main.ts";

const TASKS: Readonly<Record<string, unknown>> = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`)).tasks;
const VERSION = "2.9.6";
const server = await testServer();

/** Every page of documentation, below the project. */
function pages(): string[] {
  const found = [...Deno.readDirSync(ROOT)].filter((entry) => entry.name.endsWith(".md")).map((entry) => entry.name);
  try {
    for (const entry of Deno.readDirSync(`${ROOT}docs`)) {
      if (entry.name.endsWith(".md")) found.push(`docs/${entry.name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

/** Code of the blocks of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp("^```" + language + "\\n([^]*?)^```$", "gm"))].map((match) => match[1] ?? "");
}

/** Words of a shell line, comments gone; quotes only hold words together. */
function words(line: string): string[] {
  const bare = line.replace(/(?:^|\s)#.*$/, "");
  return [...bare.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}

/** The command line of pgstrata that a shell line runs, or null. */
function ownCommand(line: string): string[] | null {
  const [first, second, third, ...rest] = words(line.replace(/^(?:[A-Z_]+=\S+ )*/, ""));
  if (first === "pgstrata") return [second, third, ...rest].filter((word) => word !== undefined);
  const task = first === "deno" && second === "task" ? third : null;
  if (task === null || task === undefined) return null;
  assert(task in TASKS, `deno.json has no task ${task}`);
  const command = String((TASKS[task] as { command?: string }).command).split("tasks/main.ts ")[1];
  if (task === "pgstrata") return rest;
  return command === undefined ? null : [...command.split(" "), ...rest];
}

for (const page of pages()) {
  const text = await Deno.readTextFile(ROOT + page);
  Deno.test(`${page}: shell blocks are shell, and their commands are ours`, async () => {
    for (const block of [...blocks(text, "sh"), ...blocks(text, "bash")]) {
      await processText({ program: "bash", args: ["-n", "-c", block] });
      for (const line of block.replaceAll(/\\\n\s*/g, " ").split("\n")) {
        const command = ownCommand(line.trim().replace(/^npx deno@\S+/, "deno").replace(/ *[|>&;].*$/, ""));
        if (command !== null) parseCommandLine(command.filter((word) => word !== "\\"), COMMANDS);
      }
    }
  });
  Deno.test(`${page}: links lead to files that exist, and the version of Deno is one`, async () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      await Deno.stat(join(ROOT, page, "..", target ?? ""));
    }
    for (const [, version] of text.matchAll(/deno@(\d\S*?)\b(?=[ `])/g)) assertEquals(version, VERSION);
  });
}

Deno.test("README: restoring by hand works, line by line", async () => {
  const block = blocks(await Deno.readTextFile(`${ROOT}README.md`), "sh").find((code) => code.includes("db_full.dump"));
  assert(block !== undefined);
  await using shelf = await TempFolder.create();
  const source = await server.createDatabase("sample");
  const { folder, manifest } = await backUp(source.url, shelf.path, server.tools);
  const target = await server.createDatabase();
  const stamp = folder.split("/").at(-1)?.slice(0, 15) ?? "";
  const env = { TARGET_URL: target.url, PATH: `${server.tools.folder}:${Deno.env.get("PATH")}` };
  const run = (line: string) =>
    processText({ program: "bash", args: ["-e", "-c", line.replaceAll(/\d{8}_\d{6}/g, stamp)], cwd: folder, env });
  const count = async () => Number((await target.psql("\\t on\n\\a\nSELECT count(*) FROM public.orders;")).trim());
  const rows = manifest.tables.find((table) => table.schema === "public" && table.name === "orders")?.rows;
  const [roles, full, schema, table, ...more] = block.trim().split("\n");
  assertEquals(more, []);
  for (const line of [roles, full]) await run(line ?? "");
  assertEquals(await count(), rows);
  await target.psql("DROP TABLE tenant_acme.settings");
  await run(schema ?? "");
  await target.psql("SELECT * FROM tenant_acme.settings");
  await target.psql("DROP TABLE public.orders CASCADE");
  await run(table ?? "");
  assertEquals(await count(), rows);
});
