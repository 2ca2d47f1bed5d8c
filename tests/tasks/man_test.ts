import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_CODES } from "../../lib/base/mod.ts";
import { ensureProgram } from "../../scripts/test_programs.ts";
import { COMMANDS } from "../../tasks/commands.ts";
import { placedCommands } from "../../tasks/completion_words.ts";
import { manPage } from "../../tasks/man.ts";

const PAGE = manPage(COMMANDS, "0.1.0");

Deno.test("manPage() explains every command, option and exit code", () => {
  for (const { command, path } of placedCommands(COMMANDS)) {
    assertStringIncludes(PAGE, `.SS "pgstrata ${path.join(" ")}`);
    for (const name of Object.keys(command.options)) assertStringIncludes(PAGE, name.replaceAll("-", "\\-"));
  }
  for (const code of Object.values(EXIT_CODES)) assertStringIncludes(PAGE, `\\fB${code}\\fR`);
});

Deno.test("manPage() has no line that roff would take for a request by mistake", () => {
  const requests = new Set(["TH", "SH", "SS", "TP", "PP", "RS", "RE", "nf", "fi", "B", "I"]);
  for (const line of PAGE.split("\n").filter((line) => /^[.']/.test(line))) {
    assertEquals(requests.has(/^\.(\w+)/.exec(line)?.[1] ?? ""), true, line);
  }
});

Deno.test("groff formats the page without a complaint", async () => {
  const groff = await ensureProgram("groff");
  const child = new Deno.Command(groff.path, {
    env: groff.env,
    args: ["-man", "-Tutf8", "-ww", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(PAGE));
  await writer.close();
  const { stderr, stdout } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  // Bold is a letter, a backspace and the letter again.
  // deno-lint-ignore no-control-regex
  assertStringIncludes(new TextDecoder().decode(stdout).replaceAll(/.\x08/g, ""), "--lock-wait-timeout TIME");
});
