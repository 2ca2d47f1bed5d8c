import { assert, assertFalse } from "@std/assert";
import { join } from "@std/path";
import { Secret } from "../../lib/base/mod.ts";
import { parseConfig } from "../../lib/catalog/mod.ts";
import { parseConnectionString, type Target } from "../../lib/connection/mod.ts";
import { type Check, type Examination, examine, type ExamineOptions, type NetworkDeps } from "../../lib/doctor/mod.ts";
import { makeFakeTools } from "./fake_tools.ts";
import { processText } from "../../lib/system/mod.ts";

/** The password of every test target: it must not be seen anywhere. */
export const PASSWORD = "hunter2-#secret";

/** A target from a URL without password. */
export function targetOf(url: string, environment = "prod"): Target {
  const variable = `DATABASE_URL_${environment.toUpperCase()}`;
  const target = parseConnectionString(url, { environment, source: variable, env: {} });
  return target.password === undefined ? { ...target, password: new Secret(PASSWORD) } : target;
}

/** Examines a target, with nothing on the shelf; the result is searched for secrets. */
export async function examined(
  target: Target,
  change: Partial<ExamineOptions> = {},
  deps: NetworkDeps = {},
): Promise<Examination> {
  const result = await examine({
    target,
    tools: makeFakeTools(18),
    folder: "/tmp/no-such-shelf",
    shelf: null,
    config: parseConfig("{}"),
    now: new Date(),
    jobs: 2,
    maxAge: null,
    ...change,
  }, deps);
  const secret = target.password?.reveal() ?? PASSWORD;
  assertFalse(JSON.stringify(result).includes(secret), "the password is shown");
  return result;
}

/** The check of a name; missing is a failure, and so is another state. */
export function expectCheck(checks: readonly Check[], name: string, state: Check["state"]): Check {
  const found = checks.find((check) => check.name === name);
  assert(found !== undefined, `no check ${name} among ${checks.map((check) => check.name).join(", ")}`);
  assert(
    found.state === state,
    `${name} is ${found.state}, not ${state}: ${found.message} ${found.details.join("; ")}`,
  );
  if (state !== "ok") assert(found.message !== "" && !found.message.endsWith("."), found.message);
  return found;
}

/** Certificates in PEM form. */
export interface Certificates {
  /** The authority. */
  readonly ca: string;
  /** Another one, that signed nothing. */
  readonly stranger: string;
  readonly good: { readonly certificate: string; readonly key: string };
  /** Ended yesterday. */
  readonly expired: { readonly certificate: string; readonly key: string };
}

/** Makes an authority and server certificates for `db.test`, by openssl. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const script = `set -e
for name in ca stranger; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout $name.key -out $name.crt -subj /CN=$name -days 90
done
printf 'subjectAltName=DNS:db.test' > ext
for name in good:60 expired:-1; do
  file=\${name%%:*}
  openssl req -newkey rsa:2048 -nodes -keyout $file.key -out $file.csr -subj /CN=db.test
  openssl x509 -req -in $file.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $file.crt -days \${name##*:} -extfile ext
done`;
  await processText({ program: "bash", args: ["-c", script], cwd: folder });
  const read = (name: string) => Deno.readTextFile(join(folder, name));
  return {
    ca: join(folder, "ca.crt"),
    stranger: join(folder, "stranger.crt"),
    good: { certificate: await read("good.crt"), key: await read("good.key") },
    expired: { certificate: await read("expired.crt"), key: await read("expired.key") },
  };
}

/** A server that logs nothing: its log is read all the time, and a line would count as a leak of the test it falls in. */
export const QUIET = { log_min_messages: "panic" };
