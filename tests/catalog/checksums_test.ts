import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { checksumsText, parseChecksums } from "../../lib/catalog/checksums.ts";
import { hashFile, TempFolder } from "../../lib/system/mod.ts";

const ODD_NAMES = ["plain", "with space", "back\\slash", "line\nbreak", "*star", " lead", "ünï", "%41"];

async function sha256sum(cwd: string, args: readonly string[]): Promise<{ success: boolean; stdout: string }> {
  const output = await new Deno.Command("sha256sum", { args: [...args], cwd, env: { LC_ALL: "C" } }).output();
  return { success: output.success, stdout: new TextDecoder().decode(output.stdout) };
}

Deno.test("checksumsText() writes what sha256sum writes and checks", async () => {
  await using folder = await TempFolder.create();
  const checksums = [];
  for (const path of ODD_NAMES) {
    await Deno.writeTextFile(`${folder.path}/${path}`, path);
    checksums.push({ path, sha256: (await hashFile(`${folder.path}/${path}`)).sha256 });
  }
  const text = checksumsText(checksums);
  const theirs = await sha256sum(folder.path, ["--", ...ODD_NAMES.toSorted()]);
  assertEquals(text, theirs.stdout);
  await Deno.writeTextFile(`${folder.path}/SHA256SUMS`, text);
  assertEquals((await sha256sum(folder.path, ["--check", "--strict", "SHA256SUMS"])).success, true);
  await Deno.writeTextFile(`${folder.path}/plain`, "changed");
  assertEquals((await sha256sum(folder.path, ["--check", "--strict", "SHA256SUMS"])).success, false);
});

Deno.test("parseChecksums() reads what checksumsText() writes", () => {
  const checksums = [...ODD_NAMES, "a\rb", "x/y\\n/z"].toSorted()
    .map((path) => ({ path, sha256: "ab".repeat(32) }));
  assertEquals(parseChecksums(checksumsText(checksums)), checksums);
  assertEquals(parseChecksums(""), []);
});

Deno.test("parseChecksums() reads the binary form and upper-case digits", () => {
  assertEquals(parseChecksums(`${"AB".repeat(32)} *f\n`), [{ path: "f", sha256: "ab".repeat(32) }]);
});

const line = (path: string) => `${"0".repeat(64)}  ${path}\n`;
const DAMAGED = [
  ["a cut last line", line("a") + "0000", 2, "the last line is cut off"],
  ["a line that is none", `${line("a")}nonsense\n`, 2, "the line is no checksum"],
  ["an absolute path", line("/etc/passwd"), 1, "the path leaves the folder"],
  ["a path upwards", line("a/../../b"), 1, "the path leaves the folder"],
  ["a path that comes twice", line("a") + line("a"), 2, "the path comes twice"],
] as const;

for (const [what, text, at, reason] of DAMAGED) {
  Deno.test(`parseChecksums() refuses ${what}`, () => {
    const error = assertThrows(() => parseChecksums(text), PgstrataError);
    assertEquals([error.code, error.context], ["not_good", { reason, line: at }]);
  });
}
