import { assert, assertEquals } from "@std/assert";
import { basename, join } from "@std/path";
import { parseChecksums, publishLatest } from "../../lib/catalog/mod.ts";
import { generateAgeKey } from "../../lib/crypt/mod.ts";
import { TempFolder } from "../../lib/system/mod.ts";
import { LIST_OPTIONS } from "../../tasks/commands/list.ts";
import { run as runList } from "../../tasks/list.ts";
import { putRealBackup, readTree, sha256, treeDigest } from "../crypt/real_backup.ts";
import { CutProxy } from "../storage/cut_proxy.ts";
import { startS3 } from "../storage/s3_fixture.ts";
import { bytesBelow, killRun, randomNumbers } from "./killed_run.ts";
import { runMain } from "./run_main.ts";
import { runOnShelf } from "./shelf_run.ts";

const MB = 1_000_000;
const NAME = "20260304_050607_prod";
const SIZES: Readonly<Record<string, number>> = Object.fromEntries([
  ["db_full.dump", 20 * MB],
  ...Array.from({ length: 12 }, (_, index) => [`public/tables/t${index}/data.sql`, 100_000 * index]),
]);
const TOTAL = Object.values(SIZES).reduce((sum, size) => sum + size, 0);

/** Another seed kills at other points: PGSTRATA_TEST_SEED. What fails names it. */
const SEED = Number(Deno.env.get("PGSTRATA_TEST_SEED") ?? 20261121);

/** Points at which each command is killed: one in each third of its way. */
const POINTS = 3;

function points(seed: number): number[] {
  const random = randomNumbers(SEED + seed);
  return Array.from({ length: POINTS }, (_, index) => (index + random()) / POINTS);
}

/** What `list` shows. */
async function listed(
  line: string,
  { cwd, env }: { readonly cwd: string; readonly env?: Record<string, string> },
): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await runOnShelf(runList, LIST_OPTIONS, line, cwd, { json: true, env: env ?? {} });
  assertEquals(code, 0, err.text());
  const document = JSON.parse(out.text());
  return document.backups ?? document.stores[0].backups;
}

const kindsOf = (entries: readonly Record<string, unknown>[]) => entries.map(({ kind }) => String(kind)).sort();

async function succeeds(words: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
  const { code, stderr } = await runMain(words, options);
  assertEquals(code, 0, `${words.join(" ")}: ${stderr}`);
}

Deno.test("push and pull, killed anywhere: nothing half counts, nothing is lost, a second call finishes", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  await using shelf = await TempFolder.create();
  const { folder, files } = await putRealBackup(join(shelf.path, NAME), SIZES);
  const source = treeDigest(readTree(folder));
  let killed = 0;
  for (const kind of ["s3", "file"] as const) {
    for (const [round, share] of points(kind === "s3" ? 1 : 2).entries()) {
      const told = `seed ${SEED}, ${kind}, at ${share}`;
      await using disk = await TempFolder.create();
      await using other = await TempFolder.create();
      const place = kind === "s3" ? `s3://backups/${round}` : `file://${disk.path}`;
      const env = { ...s3.env, AWS_ENDPOINT_URL: proxy.endpoint, AWS_REGION: "us-east-1" };
      const options = { cwd: shelf.path, env };
      const away = { cwd: other.path, env };
      const remote = () => listed(`--from ${place}`, options);

      // What goes through the proxy waits there to be killed, however busy this machine is.
      proxy.arm({ holdAfterUp: TOTAL * share });
      const up = () => kind === "s3" ? proxy.up : bytesBelow(disk.path);
      const push = ["push", NAME, "--dir", ".", "--to", place];
      killed += Number((await killRun(push, () => up() >= TOTAL * share, options)).killed);
      proxy.arm({});
      assert(kindsOf(await remote()).every((one) => one === "partial" || one === "backup"), told);
      assertEquals(treeDigest(readTree(folder)), source, told);
      await succeeds(push, options);
      assertEquals(kindsOf(await remote()), ["backup"], told);
      if (kind === "file") assertEquals(treeDigest(readTree(join(disk.path, NAME))), treeDigest(files), told);

      proxy.arm({});
      const down = () => bytesBelow(other.path);
      const pull = ["pull", NAME, "--dir", ".", "--from", place];
      killed += Number((await killRun(pull, () => down() >= TOTAL * share, away)).killed);
      const here = kindsOf(await listed("", away));
      assert(here.every((one) => one === "backup"), `${told}: ${here}`);
      if (here.length === 0) await succeeds(pull, away);
      assertEquals(treeDigest(readTree(join(other.path, NAME))), treeDigest(files), told);
      assertEquals(kindsOf(await listed("", away)), ["backup"], told);
      // One that was killed when it had sealed the backup, and only then, leaves its lock file, if it still had it.
      const left = [...Deno.readDirSync(join(other.path, ".pgstrata/pull"))].map(({ name }) => name);
      assert(left.every((name) => here.length === 1 && name === `${NAME}.lock`), `${told}: ${left}`);
    }
  }
  assert(killed >= 4 * POINTS - 2, `only ${killed} processes were killed in time`);
});

Deno.test("connections cut anywhere: push, pull and prune --remote say so, and a second call finishes", async () => {
  await using s3 = await startS3();
  await using proxy = new CutProxy(s3.server.port);
  await using shelf = await TempFolder.create();
  const { files } = await putRealBackup(join(shelf.path, NAME), SIZES);
  const older = [1, 2].map((day) => `2026030${day}_050607_prod`);
  for (const [index, name] of older.entries()) {
    const facts = { time: new Date(Date.UTC(2026, 2, index + 1, 5, 6, 7)) };
    await putRealBackup(join(shelf.path, name), { "db_full.dump": 1000, "a/tables/a/data.sql": 10 }, facts);
  }
  const env = { ...s3.env, AWS_ENDPOINT_URL: proxy.endpoint, AWS_REGION: "us-east-1" };
  const options = { cwd: shelf.path, env };
  const broken = async (words: readonly string[], told: string) => {
    const { code, stderr } = await runMain(words, options);
    assertEquals(code, 4, `${told}: ${stderr}`);
    assert(/goes on where it stopped|HINT/i.test(stderr), stderr);
    assert(!stderr.includes("    at "), "no stack trace");
  };
  for (const [round, share] of points(3).slice(0, 2).entries()) {
    const told = `seed ${SEED}, at ${share}`;
    await using other = await TempFolder.create();
    const from = ["--from", `s3://backups/cut${round}`];
    const to = ["--dir", ".", "--to", `s3://backups/cut${round}`];
    const remote = async () => {
      proxy.arm({});
      return await listed(from.join(" "), options);
    };
    for (const name of older) await succeeds(["push", name, ...to], options);

    proxy.arm({ cutAfterUp: TOTAL * share });
    await broken(["push", NAME, ...to], told);
    const half = kindsOf(await remote());
    assert(half.join() === "backup,backup,partial" || half.join() === "backup,backup", `${told}: ${half}`);
    await succeeds(["push", NAME, ...to], options);
    assertEquals(kindsOf(await remote()), ["backup", "backup", "backup"], told);

    // Beyond what listing and manifests take.
    proxy.arm({ cutAfterDown: 100_000 + TOTAL * share * 0.9 });
    await broken(["pull", NAME, "--dir", other.path, ...from], told);
    proxy.arm({});
    await succeeds(["pull", NAME, "--dir", other.path, ...from], options);
    assertEquals(treeDigest(readTree(join(other.path, NAME))), treeDigest(files), told);

    const prune = ["prune", "--keep-last", "1", "--apply", "--dir", ".", ...from];
    proxy.arm({ refuseAfter: 12 + Math.floor(share * 16) });
    await broken(prune, told);
    const left = kindsOf(await remote());
    assert(left.includes("backup") && left.every((one) => one === "backup" || one === "removing"), `${told}: ${left}`);
    await succeeds(prune, options);
    assertEquals((await remote()).map(({ path, kind }) => `${kind} ${path}`), [`backup ${NAME}`], told);
  }
});

Deno.test("prune, killed anywhere, here and in storage: what is kept is whole, a second call finishes", async () => {
  for (const share of points(4)) {
    for (const where of ["here", "in storage"] as const) {
      const told = `seed ${SEED}, ${where}, at ${share}`;
      await using shelf = await TempFolder.create();
      await using disk = await TempFolder.create();
      const holder = where === "here" ? shelf.path : disk.path;
      const all: string[] = [];
      for (let day = 1; day <= 9; day++) {
        const name = `2026050${day}_020000_prod`;
        const sizes = Object.fromEntries(
          Array.from({ length: 30 }, (_, n) => [`public/tables/t${n}/data.sql`, 50 + n]),
        );
        await putRealBackup(join(holder, name), sizes, { time: new Date(Date.UTC(2026, 4, day, 2)) });
        all.push(name);
      }
      const kept = all.slice(-2);
      const before = kept.map((name) => treeDigest(readTree(join(holder, name))));
      const bytes = bytesBelow(holder);
      const keptBytes = kept.reduce((sum, name) => sum + bytesBelow(join(holder, name)), 0);
      const options = { cwd: shelf.path };
      const place = where === "here" ? [] : ["--from", `file://${disk.path}`];
      const words = ["prune", "--keep-last", "2", "--apply", "--dir", ".", ...place];
      const far = bytes - (bytes - keptBytes) * (share * 0.9 + 0.05);
      await killRun(
        words,
        () => bytesBelow(holder, (name) => name !== "index.json" && !name.endsWith(".lock")) <= far,
        options,
      );
      const entries = await listed(place.join(" "), options);
      const half = kindsOf(entries);
      assert(half.every((one) => ["backup", "deleting", "removing"].includes(one)), `${told}: ${half}`);
      for (const name of kept) assert(entries.some(({ path, kind }) => path === name && kind === "backup"), told);
      for (const { path, kind, folder } of entries) {
        if (kind === "backup" && where === "here") await assertWhole(String(folder), `${told}: ${path}`);
      }
      await succeeds(words, options);
      assertEquals((await listed(place.join(" "), options)).map(({ path }) => path), kept.toReversed(), told);
      assertEquals(kept.map((name) => treeDigest(readTree(join(holder, name)))), before, told);
      const left = [...readTree(holder).keys()].filter((path) => !/^\.pgstrata\//.test(path));
      assert(
        left.every((path) => kept.some((name) => path.startsWith(`${name}/`))),
        `${told}: ${left[0]} is left over`,
      );
    }
  }
});

Deno.test("encrypt and decrypt, killed anywhere: the backup is whole, in one form or the other; a second call finishes", async () => {
  const { identity, recipient } = await generateAgeKey();
  const time = "2026-03-04T05-06-07Z";
  await using shelf = await TempFolder.create();
  const archive = join(shelf.path, `archive/${time}--shop--push--abcdef1`);
  const latest = join(shelf.path, `latest/latest_${time}`);
  const sizes = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`public/tables/t${n}/data.sql`, 20_000 * (n % 9)]),
  );
  const { files } = await putRealBackup(archive, sizes);
  await publishLatest(archive, latest);
  const plain = treeDigest(files);
  const options = {
    cwd: shelf.path,
    env: { PGSTRATA_AGE_RECIPIENTS: recipient, PGSTRATA_AGE_IDENTITY: identity },
  };
  const total = bytesBelow(archive);
  const isEncrypted = (name: string) => name.endsWith(".age");
  let killed = 0;
  for (const action of ["encrypt", "decrypt"] as const) {
    const back = action === "encrypt" ? "decrypt" : "encrypt";
    // While the new files come, while the old ones go, and while the twin in `latest/` is replaced.
    const [coming = 0, going = 0, twin = 0] = points(action === "encrypt" ? 5 : 6).map((share) => share * 3 % 1);
    const made = () => bytesBelow(archive, action === "encrypt" ? isEncrypted : (name) => !isEncrypted(name));
    const old = () => bytesBelow(archive, action === "encrypt" ? (name) => !isEncrypted(name) : isEncrypted);
    const ways: readonly [string, () => boolean][] = [
      ["coming", () => made() > total * (0.1 + coming * 0.9)],
      ["going", () => made() > total * 0.9 && old() < total * (0.9 - going * 0.8)],
      ["twin", () => old() < 2_000 && (twin > 0.5 || hasLeftover(latest))],
    ];
    for (const [phase, isFar] of ways) {
      const told = `seed ${SEED}, ${action}, while ${phase}`;
      if (phase !== "coming" || action === "decrypt") await succeeds([back, archive, "--dir", "."], options);
      killed += Number((await killRun([action, archive, "--dir", "."], isFar, options)).killed);
      const entries = await listed("", options);
      const sealed = entries.filter(({ kind }) => kind === "backup" || kind === "encrypted");
      assert(sealed.some(({ folder }) => folder === archive), `${told}: ${kindsOf(entries)}`);
      for (const { folder } of sealed) await assertWhole(String(folder), told);
      await succeeds([action, archive, "--dir", "."], options);
      const [entry, ...rest] = await listed("", options);
      assertEquals([entry?.kind, rest], [action === "encrypt" ? "encrypted" : "backup", []], told);
      await assertWhole(archive, told);
      assertEquals(treeDigest(readTree(latest)), treeDigest(readTree(archive)), told);
      assertEquals([...Deno.readDirSync(join(latest, ".."))].map(({ name }) => name), [basename(latest)], told);
      if (action === "encrypt") assertEquals(readTree(archive).size, files.size + 2, told);
      else assertEquals(treeDigest(readTree(archive)), plain, told);
    }
  }
  assert(killed >= 4, `only ${killed} processes were killed in time`);
});

function hasLeftover(latest: string): boolean {
  return [...Deno.readDirSync(join(latest, ".."))].some(({ name }) => name !== basename(latest));
}

/** Every file that the checksums of a folder list is there and right: those of before, or those that come next. */
async function assertWhole(folder: string, told: string): Promise<void> {
  const wrong: string[] = [];
  for (const name of ["SHA256SUMS", ".SHA256SUMS.encrypted", ".SHA256SUMS.plain"]) {
    const text = await Deno.readTextFile(join(folder, name)).catch(() => null);
    if (text === null) continue;
    const bad: string[] = [];
    for (const { path, sha256: expected } of parseChecksums(text)) {
      const bytes = await Deno.readFile(join(folder, path)).catch(() => new Uint8Array());
      if (sha256(bytes) !== expected) bad.push(path);
    }
    if (bad.length === 0) return;
    wrong.push(...bad.map((path) => `${name}: ${path}`));
  }
  throw new Error(`${told}: ${folder} is not whole: ${wrong.slice(0, 5).join(", ")}`);
}
