import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseEnv } from "node:util";
import { join } from "@std/path";
import { PgstrataError } from "../../lib/base/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { loadEnvironment } from "../../lib/connection/mod.ts";
import { parseEnvText } from "../../lib/connection/env_text.ts";

const TEXTS = [
  "",
  "A=1",
  "A=1\nB=2\n",
  "A=1\r\nB=2\r\n",
  "  A = 1 \n\n# comment\nexport B=2",
  "A=b#c",
  "A=b #c",
  'A="b#c" # comment',
  "A='b#c'",
  "A=`b'\"c`",
  'A="one\\ntwo"',
  "A='one\\ntwo'",
  'A="one\ntwo"\nB=3',
  "A=\nB=2",
  "A=''\nB=\"\"",
  'A="unclosed\nB=2',
  "A=b c d",
  "A=b=c&d=e",
  "DATABASE_URL_PROD=postgresql://u:p%23w@h:5432/db?sslmode=require",
  "#A=1\nB=2",
  "nonsense\nB=2",
  "A=1 # x = y\nB=2",
  "A=$B ${B} \\$",
];
for (const text of TEXTS) {
  Deno.test(`parseEnvText() reads ${JSON.stringify(text)} as util.parseEnv does`, () => {
    assertEquals(parseEnvText(text), { ...parseEnv(text) } as Record<string, string>);
  });
}

Deno.test("loadEnvironment() joins .env with the real environment, which wins", async () => {
  await using folder = await TempFolder.create();
  await Deno.writeTextFile(join(folder.path, ".env"), "A=file\nB=file\n", { mode: 0o600 });
  assertEquals(await loadEnvironment(folder.path, { A: "real", C: "real" }), {
    env: { A: "real", B: "file", C: "real" },
    warnings: [],
  });
});

Deno.test("loadEnvironment() does without a .env file", async () => {
  await using folder = await TempFolder.create();
  assertEquals(await loadEnvironment(folder.path, { A: "1" }), { env: { A: "1" }, warnings: [] });
});

Deno.test("loadEnvironment() warns of passwords cut at an unquoted #", async () => {
  await using folder = await TempFolder.create();
  const path = join(folder.path, ".env");
  await Deno.writeTextFile(
    path,
    [
      "DATABASE_URL_PROD=postgresql://u:pa#ss@h/db",
      "SUPABASE_DB_PASSWORD_DEV=#secret",
      'DATABASE_URL_STAGING="postgresql://u:pa#ss@h/db"',
      "DATABASE_URL_OTHER=postgresql://u@h/db # a comment",
      "COLOUR=#fff",
    ].join("\n"),
  );
  const { warnings } = await loadEnvironment(folder.path, {});
  assertEquals(warnings.length, 2);
  assertMatch(warnings[0] ?? "", /DATABASE_URL_PROD .*%23/);
  assertMatch(warnings[1] ?? "", /SUPABASE_DB_PASSWORD_DEV/);
  assertEquals(warnings.join().includes("ss@h"), false);
});

const STRAY: readonly (readonly [text: string, lines: readonly number[]])[] = [
  ["A=1\n\n# comment\n  # another = one\nexport B=2\nC=\n", []],
  ['A="one\ntwo\n\nthree"\nB=`x\ny`\n', []],
  ["A=1\r\nswordfish\r\nB=2\r\n", [2]],
  ["postgresql://u:swordfish@h/db?sslmode=require\nA=1", [1]],
  ['A="swordfish\nB=2\n  swordfish  ', [3]],
  ["export\nDATABASE_URL_PROD: swordfish\n", [1, 2]],
];
for (const [text, lines] of STRAY) {
  Deno.test(`loadEnvironment() names lines ${lines.join(", ") || "none"} of ${JSON.stringify(text)}, never their text`, async () => {
    await using folder = await TempFolder.create();
    await Deno.writeTextFile(join(folder.path, ".env"), text, { mode: 0o600 });
    const { warnings } = await loadEnvironment(folder.path, {});
    const many = lines.length > 1;
    assertEquals(
      warnings,
      lines.length === 0 ? [] : [
        `${folder.path}/.env: line${many ? "s" : ""} ${lines.join(", ")} ${
          many ? "are" : "is"
        } no NAME=value and passed over.`,
      ],
    );
  });
}

Deno.test("loadEnvironment() says what to do when .env cannot be read", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(join(folder.path, ".env"));
  const error = await assertRejects(() => loadEnvironment(folder.path, {}), PgstrataError);
  assertEquals(error.code, "usage");
});
