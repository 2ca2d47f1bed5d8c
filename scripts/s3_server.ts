/**
 * S3 servers for tests, on the loopback address, with folders of their own. Debian's packages, unpacked into a
 * cache (about 45 MB to download, half a minute; then a second to start); no root needed.
 *
 * `swift` is OpenStack Swift with its S3 face, all of it in one process. It checks what a real server checks:
 * signatures and the hash of each body, clock skew, access, bucket names, parts and their order on completion,
 * conditional writes. It does not check regions of accounts or bucket policies, has no object lock and no storage
 * classes but STANDARD, and keeps one copy.
 *
 * `moto` knows object lock and storage classes, and checks hardly anything, signatures least of all.
 *
 *     deno run -A scripts/s3_server.ts            starts swift and prints how to reach it, until Ctrl+C
 */
import { join } from "@std/path";
import { PgstrataError } from "../lib/base/mod.ts";
import { TempFolder } from "../lib/system/mod.ts";
import { ensurePackages } from "./debian_cache.ts";

/** An S3 server that runs until it is disposed of. */
export interface S3Server extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  /** May do everything. */
  readonly admin: S3Keys;
  /** Is known, and may do nothing. */
  readonly nobody: S3Keys;
}

/** Credentials, as the variables that the SDK reads. */
export interface S3Keys {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

/** What the servers get along without: what belongs to a whole system only. */
const WITHOUT =
  /^(tar|dpkg|sed|adduser|passwd|wget|debconf|sgml-base|xml-core|tzdata|ca-certificates|ieee-data|perl-base|login\.defs|gcc-14-base|media-types|netbase|base-passwd|readline-common|openssl-provider-legacy|docutils-common|python3-(docutils|roman)|lib(pam|audit|cap|db5|semanage|sepol|gnutls|psl|selinux|acl|pcre2|p11|nettle|hogweed|tasn1|gmp10|idn2|unistring|bsd0|debconf).*)$/;

/** Milliseconds a server gets to start. */
const PATIENCE = 60_000;

/** Starts a server. */
export async function startS3Server(kind: "swift" | "moto" = "swift"): Promise<S3Server> {
  const root = await ensurePackages("s3-trixie-1", {
    release: "trixie",
    packages: ["python3-swift", "python3-moto", "python3-flask-cors"],
    without: WITHOUT,
  });
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await TempFolder.create({ prefix: "pgstrata-s3-" }));
  const server = starting.use(await python(root, [join(import.meta.dirname ?? "", "s3_server.py"), kind, folder.path]));
  const started = starting.move();
  return {
    port: server.port,
    endpoint: `http://127.0.0.1:${server.port}`,
    admin: { AWS_ACCESS_KEY_ID: "test:admin", AWS_SECRET_ACCESS_KEY: "admin_secret" },
    nobody: { AWS_ACCESS_KEY_ID: "test:nobody", AWS_SECRET_ACCESS_KEY: "nobody_secret" },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Runs the unpacked Python with its own libraries. It ends with its standard input: with us, however we end. */
async function python(root: string, args: readonly string[]): Promise<AsyncDisposable & { readonly port: number }> {
  const triplet = [...Deno.readDirSync(join(root, "usr/lib"))].find(({ name }) => /-linux-gnu/.test(name))?.name ?? "";
  const libraries = join(root, "usr/lib", triplet);
  const loader = [...Deno.readDirSync(libraries)].find(({ name }) => /^ld-linux.*\.so\.\d+$/.test(name))?.name;
  if (loader === undefined) throw new PgstrataError(`Cannot start Python: there is no dynamic loader in ${libraries}`);
  const child = new Deno.Command(join(libraries, loader), {
    args: ["--library-path", libraries, join(root, "usr/bin/python3"), ...args],
    clearEnv: true,
    env: {
      LC_ALL: "C.UTF-8",
      PYTHONHOME: join(root, "usr"),
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      PYTHONDONTWRITEBYTECODE: "1",
      // moto's own library looks for credentials; none of this machine's.
      AWS_ACCESS_KEY_ID: "none",
      AWS_SECRET_ACCESS_KEY: "none",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  clearTimeout(timer);
  const port = Number(new TextDecoder().decode(value ?? new Uint8Array()).trim());
  const end = async () => {
    await reader.cancel();
    await child.stdin.close().catch(() => {});
    await child.status;
    return await errors;
  };
  if (!(port > 0)) throw new PgstrataError("Cannot start the S3 server", { cause: new Error(await end()) });
  return {
    port,
    async [Symbol.asyncDispose](): Promise<void> {
      await end();
    },
  };
}

if (import.meta.main) {
  await using server = await startS3Server();
  const lines = Object.entries({ ...server.admin, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: "us-east-1" })
    .map(([name, value]) => `export ${name}=${value}\n`);
  await Deno.stdout.write(new TextEncoder().encode(lines.join("")));
  await new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
  Deno.exit(0);
}
