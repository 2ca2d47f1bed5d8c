import { assert } from "@std/assert";
import { ROOT } from "../tasks/run_main.ts";
import { type PageResult, runPage } from "./run_page.ts";
import { Stage } from "./stage.ts";

/** Pages of documentation whose blocks are run, below the project. */
export function pages(): string[] {
  const top = [...Deno.readDirSync(ROOT)].map(({ name }) => name).filter((name) => /\.md$/.test(name));
  const docs = [...Deno.readDirSync(`${ROOT}docs`)].map(({ name }) => `docs/${name}`);
  return [...top, ...docs].filter((page) => page.endsWith(".md")).sort();
}

/** The page with the longest way to go; it has a test file of its own, so that both run side by side. */
export const EXAMPLES = "docs/contract_examples.md";

/** Makes a test of every page; the last says how many blocks were run, and which were not, and why. */
export async function testPages(names: readonly string[]): Promise<void> {
  const stage = await Stage.start();
  const results: PageResult[] = [];
  for (const page of names) {
    Deno.test(`${page}: every block does what the page says`, async (t) => {
      results.push(await runPage(t, page, stage));
    });
  }
  Deno.test("blocks that were not run are few, and told with their reasons", async () => {
    const run = results.reduce((sum, one) => sum + one.run, 0);
    const notRun = results.flatMap((one) => one.notRun);
    const text = [`${run} blocks were run, ${notRun.length} were not:`, ...notRun].join("\n  ");
    await Deno.stderr.write(new TextEncoder().encode(`${text}\n`));
    assert(run > 5 * notRun.length, "most blocks are run");
  });
}
