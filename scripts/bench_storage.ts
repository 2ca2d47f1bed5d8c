/**
 * Measures `push` and `pull` against rclone, on the same S3 server and in one run: `deno task bench:storage
 * [--scale 1] [--rounds 3]`. Ratios count, not seconds: of wall time where nobody else uses the machine, else of CPU
 * time. Server and clients share the machine: the CPU that the server takes slows both down alike.
 */
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl, join } from "@std/path";
import { sizeText } from "../lib/base/mod.ts";
import { DisposableCluster } from "../lib/postgres/mod.ts";
import { inFolder, measure, type Measured, measurePgstrata, say, table } from "./bench_tools.ts";
import { ensurePackages } from "./debian_cache.ts";
import { loadBenchData } from "./fixtures/generate.ts";
import { ensureToolSet } from "./postgres_versions.ts";
import { type S3Server, startS3Server } from "./s3_server.ts";

const MAIN = fromFileUrl(new URL("../tasks/main.ts", import.meta.url));

const BUCKET = "bench";

/** Gigabytes of a backup at scale 1. */
const GIGABYTES = 1.8;

/** What a database of 1.8 GB becomes, in three tiers. */
const BACKUP_OF_DATABASE = 1.4;

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, { string: ["scale", "major", "rounds"] });
  const scale = Number(args.scale ?? 1);
  const rounds = Number(args.rounds ?? 3);
  // A static program, and the fastest client that Debian has (s3cmd, s4cmd and awscli are Python).
  const rclone = await ensurePackages("rclone-trixie", {
    release: "trixie",
    packages: ["rclone"],
    without: /^(?!rclone$)/,
  });
  await inFolder(async (shelf) => {
    const name = await makeBackup(shelf, scale / BACKUP_OF_DATABASE, Number(args.major ?? 17));
    await using server = await startS3Server();
    await makeBucket(server);
    const bench = new StorageBench(server, join(rclone, "usr/bin/rclone"), join(shelf, name));
    const pushes: Measured[][] = [];
    const pulls: Measured[][] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`\nRound ${round} of ${rounds}`);
      // Who begins changes from round to round.
      const push = [() => bench.push(round), () => bench.rclonePush(round)];
      const pull = [() => bench.pull(round), () => bench.rclonePull(round)];
      pushes.push(await inTurn(push, round));
      pulls.push(await inTurn(pull, round));
    }
    const size = sizeText(await bytesOf(join(shelf, name)));
    const sides = (all: readonly Measured[][]): Measured[] => [1, 0].map((way) => best(all.map((one) => one[way])));
    for (const [title, all] of [["Pushing", pushes], ["Pulling", pulls]] as const) {
      const [reference, ours] = sides(all);
      if (reference !== undefined && ours !== undefined) {
        table(`${title} ${size}, best of ${rounds}`, [reference, ours], reference);
      }
    }
  });
}

class StorageBench {
  constructor(
    private readonly server: S3Server,
    private readonly rclone: string,
    private readonly backup: string,
  ) {}

  push(round: number): Promise<Measured> {
    return this.#pgstrata("pgstrata push", ["push", this.backup, "--to", this.#url(round)], join(this.backup, ".."));
  }

  pull(round: number): Promise<Measured> {
    return inFolder((cwd) => this.#pgstrata("pgstrata pull", ["pull", "--from", this.#url(round)], cwd));
  }

  rclonePush(round: number): Promise<Measured> {
    return this.#copy("rclone copy (push)", this.backup, `:s3:${BUCKET}/theirs/${round}`, join(this.backup, ".."));
  }

  rclonePull(round: number): Promise<Measured> {
    return inFolder((cwd) => this.#copy("rclone copy (pull)", `:s3:${BUCKET}/theirs/${round}`, "back", cwd));
  }

  #url(round: number): string {
    return `s3://${BUCKET}/ours/${round}`;
  }

  #pgstrata(way: string, args: readonly string[], cwd: string): Promise<Measured> {
    const env = { ...this.server.admin, AWS_ENDPOINT_URL: this.server.endpoint, AWS_REGION: "us-east-1" };
    return measure(way, Deno.execPath(), ["run", "-qA", MAIN, ...args, "--dir", ".", "--quiet"], cwd, env);
  }

  /** As many files at a time as ours; all else as it comes. */
  #copy(way: string, from: string, to: string, cwd: string): Promise<Measured> {
    return measure(way, this.rclone, ["copy", from, to, "--transfers", "4", "--config", "/dev/null"], cwd, {
      ...this.server.admin,
      RCLONE_S3_PROVIDER: "Other",
      RCLONE_S3_ENV_AUTH: "true",
      RCLONE_S3_ENDPOINT: this.server.endpoint,
      RCLONE_S3_REGION: "us-east-1",
      // With one it refuses its own transport; the server here speaks no TLS.
      AWS_CA_BUNDLE: "",
    });
  }
}

/** A real backup; its name on the shelf. */
async function makeBackup(shelf: string, scale: number, major: number): Promise<string> {
  say(`Making a backup of about ${(GIGABYTES * scale * BACKUP_OF_DATABASE).toFixed(1)} GB …`);
  const tools = await ensureToolSet(major);
  await using cluster = await DisposableCluster.start({ tools });
  await cluster.psql("CREATE DATABASE bench");
  await loadBenchData(cluster, "bench", scale);
  const setting = { cwd: shelf, url: cluster.url("bench"), tools };
  await measurePgstrata("", ["backup", "--url-env", "BENCH_URL"], setting);
  for await (const { name } of Deno.readDir(shelf)) if (/^\d{8}_/.test(name)) return name;
  throw new Error("no backup was made");
}

async function makeBucket(server: S3Server): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = server.admin;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
}

async function inTurn(ways: readonly (() => Promise<Measured>)[], round: number): Promise<Measured[]> {
  const order = [...ways.keys()];
  const results: Measured[] = [];
  for (const way of round % 2 === 0 ? order.reverse() : order) {
    const measured = await ways[way]?.();
    if (measured !== undefined) results[way] = measured;
  }
  return results;
}

/** The least time and CPU of all rounds, which others of the machine disturbed least, and the most memory. */
function best(results: readonly (Measured | undefined)[]): Measured {
  const all = results.filter((one) => one !== undefined);
  const [first] = all;
  if (first === undefined) throw new Error("nothing was measured");
  return {
    ...first,
    seconds: Math.min(...all.map(({ seconds }) => seconds)),
    memory: Math.max(...all.map(({ memory }) => memory)),
    cpu: Math.min(...all.map(({ cpu = 0 }) => cpu)),
  };
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    bytes += isDirectory ? await bytesOf(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

if (import.meta.main) await main();
