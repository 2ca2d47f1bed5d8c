import { assertEquals } from "@std/assert";
import { ShareProgress } from "../../tasks/share_progress.ts";
import { fakeContext } from "./fake_context.ts";

function fakeClock() {
  let now = 0;
  return { now: () => new Date(now), monotonic: () => now, pass: (milliseconds: number) => void (now += milliseconds) };
}

Deno.test("a share is told every half a minute where there is no terminal", () => {
  const context = fakeContext();
  const clock = fakeClock();
  using progress = new ShareProgress("reading back", context, clock);
  for (let second = 0; second < 70; second++) {
    progress.showBytes(second * 1_000_000, 100_000_000);
    clock.pass(1_000);
  }
  assertEquals(
    context.err.text(),
    [
      "reading back: 30%, 30 MB of 100 MB, 1 MB/s",
      "reading back: 60%, 60 MB of 100 MB, 1 MB/s",
      "",
    ].join("\n"),
  );
});

Deno.test("a share is one line that is drawn again on a terminal, and gone at the end", () => {
  const context = fakeContext({ terminal: true });
  const clock = fakeClock();
  {
    using progress = new ShareProgress("drill: restoring", context, clock);
    progress.showCount(1, 4, "objects");
    clock.pass(250);
    progress.showCount(2, 4, "objects");
    clock.pass(250);
    // More than was expected is not more than all.
    progress.showCount(5, 4, "objects");
  }
  assertEquals(
    context.err.text(),
    "drill: restoring: 50%, 2 of 4 objects\r\x1b[Kdrill: restoring: 100%, 5 of 4 objects\r\x1b[K",
  );
});

Deno.test("a share is not shown with --quiet", () => {
  const context = fakeContext({ terminal: true, quiet: true });
  const clock = fakeClock();
  using progress = new ShareProgress("x", context, clock);
  clock.pass(60_000);
  progress.showBytes(1, 2);
  assertEquals(context.err.text(), "");
});
