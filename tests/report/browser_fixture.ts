import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

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
  const commands = [["apt-get", "update", "-q"], [
    "apt-get",
    "install",
    "-y",
    "-q",
    "--no-install-recommends",
    "chromium",
  ]];
  for (const [program = "", ...args] of commands) {
    const output = await new Deno.Command(program, { args, env: { DEBIAN_FRONTEND: "noninteractive" }, stdin: "null" })
      .output().catch((cause) => {
        throw new Error(`Cannot test in a browser: ${EXECUTABLE} is not there and ${program} cannot be run`, { cause });
      });
    if (output.success) continue;
    const said = new TextDecoder().decode(output.stderr).slice(-500);
    throw new Error(`Cannot test in a browser: ${EXECUTABLE} is not there, and installing it failed: ${said}`);
  }
  if (!(await isInstalled())) throw new Error(`Cannot test in a browser: ${EXECUTABLE} is not there after installing`);
}

async function isInstalled(): Promise<boolean> {
  return await Deno.stat(EXECUTABLE).then(() => true, () => false);
}
