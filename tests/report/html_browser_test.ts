import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toFileUrl } from "@std/path";
import type { Browser, Page } from "playwright-core";
import { htmlReport } from "../../lib/report/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { PATIENCE, withBrowser } from "./browser_fixture.ts";
import { fakeReport, HOSTILE } from "./html_fixture.ts";

interface OpenPage {
  readonly page: Page;
  /** Errors of the console and of scripts, dialogs, and requests for anything but the file. */
  readonly complaints: string[];
}

async function open(browser: Browser, file: string, colorScheme: "light" | "dark"): Promise<OpenPage> {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("request", (request) => {
    if (request.url() !== file) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(file);
  return { page, complaints };
}

Deno.test("the HTML report works from a file in Chromium", async (t) => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/report.html`;
  const one = fakeReport({ backups: 60, tables: 40, missing: [20, 33, 34] });
  const other = fakeReport({ backups: 5, tables: 5, environment: "staging" });
  await Deno.writeTextFile(
    path,
    htmlReport({
      ...one,
      shelf: { ...one.shelf, entries: [...one.shelf.entries, ...other.shelf.entries] },
      environments: [...one.environments, ...other.environments],
    }),
  );
  const file = toFileUrl(path).href;
  await withBrowser(async (browser) => {
    const { page, complaints } = await open(browser, file, "light");
    const visible = (selector: string) => page.locator(selector).first().isVisible();
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");

    await t.step("shows every part, names as they are", async () => {
      for (const title of ["Backups over time", "Failures and gaps", "Growth", "Retention", "Restore"]) {
        assert(await page.getByRole("heading", { name: title }).first().isVisible(), title);
      }
      const text = await page.locator("main").innerText();
      assertStringIncludes(text, "No backup on these days");
      assertStringIncludes(text, "1 Nov 2026");
      assertStringIncludes(text, "security_invoker is lost");
      assertStringIncludes(text, HOSTILE.slice(0, 30));
      assertEquals(await page.locator("img").count(), 0);
    });

    await t.step("a click on a bar opens the table at its backup", async () => {
      assertEquals(await visible("tr.chosen"), false);
      await page.locator("#e0 a.bar").nth(10).click();
      assert(await visible("tr.chosen"));
      assertEquals(await page.locator("tr.chosen").count(), 1);
      const href = await page.locator("#e0 a.bar").nth(10).getAttribute("href");
      assertEquals(`#${await page.locator("tr.chosen").getAttribute("id")}`, href);
    });

    await t.step("arrow keys show the values of a chart, Escape hides them", async () => {
      const chart = page.locator("#e0 svg.chart").first();
      await chart.focus();
      await page.keyboard.press("End");
      assertStringIncludes(await page.locator("#tip").innerText(), "2026-11-21 02:00 UTC");
      await page.keyboard.press("ArrowLeft");
      assert(await visible("#tip"));
      await page.keyboard.press("Escape");
      assertEquals(await visible("#tip"), false);
    });

    await t.step("a click on a title sorts its table by number, another one turns it round", async () => {
      const table = page.locator("#e0 table", { has: page.locator("caption", { hasText: "What grew" }) });
      const numbers = async () => {
        const cells = await table.locator("tbody tr td:nth-child(3)").all();
        const texts = await Promise.all(cells.map((cell) => cell.getAttribute("data-sort")));
        assert(texts.length > 3);
        return texts.map(Number);
      };
      await table.getByRole("button", { name: "Newest" }).click();
      assertEquals(await numbers(), (await numbers()).toSorted((a, b) => b - a));
      await table.getByRole("button", { name: "Newest" }).click();
      assertEquals(await numbers(), (await numbers()).toSorted((a, b) => a - b));
    });

    await t.step("copies a command to restore", async () => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      const step = page.locator("#e0 .steps > div").first();
      await step.getByRole("button").click();
      await page.locator(".copy", { hasText: "Copied" }).waitFor();
      const copied = await page.evaluate("navigator.clipboard.readText()");
      assertEquals(copied, await step.locator("code").innerText());
    });

    await t.step("shows one environment or all", async () => {
      await page.getByRole("button", { name: "staging", exact: true }).click();
      assertEquals([await visible("#e0"), await visible("#e1")], [false, true]);
      await page.getByRole("button", { name: "All", exact: true }).click();
      assertEquals([await visible("#e0"), await visible("#e1")], [true, true]);
    });

    await t.step("is light or dark as the system wants, or as was chosen", async () => {
      const light = await background();
      await page.locator("#theme").click();
      const dark = await background();
      assert(dark !== light);
      const system = await open(browser, file, "dark");
      // What was chosen is kept for the next look, where the browser lets a file keep anything.
      assertEquals(await system.page.evaluate("getComputedStyle(document.body).backgroundColor"), dark);
      assertEquals(system.complaints, []);
      await system.page.close();
    });

    await t.step("every chart has a name, every table too, and nothing has the same id", async () => {
      assertEquals(await page.locator("svg.chart:not([aria-label])").count(), 0);
      assertEquals(await page.locator("table:not(:has(caption))").count(), 0);
      const ids = await page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)");
      assert(Array.isArray(ids));
      assertEquals(new Set(ids).size, ids.length);
    });

    await t.step("fits a narrow screen and paper", async () => {
      await page.setViewportSize({ width: 380, height: 800 });
      const wide = await page.evaluate(
        `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
          .filter((one) => one.closest(".scroll") === null && one.getBoundingClientRect().right > innerWidth)
          .map((one) => one.outerHTML.slice(0, 80)).concat("scrolls sideways")`,
      );
      assertEquals(wide, []);
      await page.reload();
      const hidden = await page.evaluate(
        `[...document.querySelectorAll("figure")].map((one) => one.scrollWidth - one.clientWidth - one.scrollLeft)
          .filter((right) => right > 1)`,
      );
      assertEquals(hidden, [], "the newest backups stand at the right");
      const smallest = await page.evaluate(
        `Math.min(...[...document.querySelectorAll("svg.chart .tick")]
          .map((one) => one.getBoundingClientRect().height).filter((height) => height > 0))`,
      );
      assert(Number(smallest) >= 6, `labels of ${smallest} px cannot be read`);
      const pdf = await page.pdf({ format: "A4" });
      assert(pdf.length > 10_000);
    });

    await t.step("asked for nothing and complained about nothing", () => assertEquals(complaints, []));
    await page.close();

    await t.step("the policy stops a script that somebody smuggled in", async () => {
      const forged = `${folder.path}/forged.html`;
      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(forged, text.replace("<main", "<script>document.title = 'forged'</script><main"));
      const opened = await open(browser, toFileUrl(forged).href, "light");
      assert(await opened.page.title() !== "forged");
      assert(opened.complaints.some((complaint) => complaint.includes("Content Security Policy")));
      await opened.page.close();
    });
  });
});
