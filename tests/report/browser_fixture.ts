import { type Browser, chromium } from "playwright-core";
import { aptInstall } from "../../scripts/apt_install.ts";

const EXECUTABLE = "/usr/bin/chromium";

/** Milliseconds for the start of the browser and for each step in it, on a busy machine too. */
export const PATIENCE = 120_000;

/**
 * Runs a function with a headless Chromium, Debian's package. Where it is not installed and the user may install
 * packages, it is installed.
 *
 * @throws {Error} when there is none and none can be installed: no test is left out silently
 */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  await ensureChromium();
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    timeout: PATIENCE,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

async function ensureChromium(): Promise<void> {
  if (await isInstalled()) return;
  await aptInstall(["chromium"]).catch((cause) => {
    throw new Error(`Cannot test in a browser: ${EXECUTABLE} is not there, and installing it failed`, { cause });
  });
  if (!(await isInstalled())) throw new Error(`Cannot test in a browser: ${EXECUTABLE} is not there after installing`);
}

async function isInstalled(): Promise<boolean> {
  return await Deno.stat(EXECUTABLE).then(() => true, () => false);
}
