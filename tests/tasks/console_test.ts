import { assertEquals } from "@std/assert";
import { PgstrataError, Secret } from "../../lib/base/mod.ts";
import { Console } from "../../tasks/console.ts";
import { fakeOutput } from "./fake_context.ts";

function make(given: { quiet?: boolean; debug?: boolean; terminal?: boolean; noColour?: boolean } = {}) {
  const { terminal, ...options } = given;
  const stdout = fakeOutput();
  const stderr = fakeOutput({ isTerminal: terminal ?? false });
  return { stdout, stderr, console: new Console({ stdout, stderr, ...options }) };
}

Deno.test("Console writes results to standard output and the rest to standard error", () => {
  const { console, stdout, stderr } = make();
  console.say("a");
  console.note("b");
  console.warn("c\nd");
  console.result("e");
  assertEquals(stdout.text(), "e\n");
  assertEquals(stderr.text(), "a\nb\nwarning: c\n         d\n");
});

Deno.test("Console says only warnings and errors with --quiet", () => {
  const { console, stdout, stderr } = make({ quiet: true });
  console.say("a");
  console.note("b");
  console.warn("c");
  console.error(new PgstrataError("Cannot do it: it is late"));
  console.result("e");
  assertEquals(stdout.text(), "e\n");
  assertEquals(stderr.text(), "warning: c\nerror: Cannot do it: it is late\n");
});

Deno.test("Console prints an error with causes, context and hint, masked", () => {
  const { console, stderr } = make();
  console.hide([new Secret("hunter2")]);
  console.error(
    new PgstrataError("Cannot log in: the password is wrong", {
      cause: new Error("hunter2 is not it"),
      context: { url: "postgres://u:other@h/d" },
      hint: "Do not write hunter2.",
    }),
  );
  assertEquals(
    stderr.text(),
    "error: Cannot log in: the password is wrong\n" +
      "cause: ******** is not it\n" +
      "  url: postgres://u:********@h/d\n" +
      "hint: Do not write ********.\n",
  );
});

Deno.test("Console masks the error of a JSON document", () => {
  const { console } = make();
  console.hide([new Secret("hunter2")]);
  const error = new PgstrataError("Cannot log in: hunter2", {
    cause: new Error("hunter2"),
    context: { n: 1, t: "hunter2" },
  });
  assertEquals(console.errorDocument(error), {
    code: "failed",
    exit: 1,
    message: "Cannot log in: ********",
    causes: ["********"],
    context: { n: 1, t: "********" },
    hint: null,
  });
});

Deno.test("Console shows a stack trace only with --debug", () => {
  const error = new PgstrataError("Cannot do it: it is late");
  for (const debug of [true, false]) {
    const { console, stderr } = make({ debug });
    console.error(error);
    assertEquals(stderr.text().includes("console_test.ts"), debug);
  }
});

Deno.test("Console marks text on a terminal, and not with NO_COLOR", () => {
  // deno-lint-ignore no-control-regex
  const marks = /\x1b\[/;
  for (const [noColour, marked] of [[false, !Deno.noColor], [true, false]] as const) {
    const { console, stderr } = make({ terminal: true, noColour });
    console.warn("x");
    assertEquals(marks.test(stderr.text()), marked);
  }
});

Deno.test("Console removes a live display before it writes a line", () => {
  const { console, stderr } = make({ terminal: true, noColour: true });
  console.live = { clear: () => stderr.write("<clear>") };
  console.say("a");
  console.live = null;
  console.say("b");
  assertEquals(stderr.text(), "<clear>a\nb\n");
});
