import { PgstrataError } from "../lib/base/mod.ts";
import { parseConfig } from "../lib/catalog/mod.ts";
import { parseConnectionString, refuseUnusable } from "../lib/connection/mod.ts";
import type { Asker } from "./ask.ts";
import type { OptionValues } from "./command.ts";
import type { INIT_OPTIONS } from "./commands/init.ts";

/** Everything the files are made of. */
export interface InitAnswers {
  readonly environments: readonly string[];
  /** Connection strings that were typed in, by environment. Secrets. */
  readonly urls: ReadonlyMap<string, string>;
  readonly serverMajor: number;
  /** age public keys. */
  readonly recipients: readonly string[];
  readonly keep: "artifact" | "s3" | "none";
  readonly storage: { readonly url: string; readonly endpoint?: string; readonly region?: string } | null;
}

/** The newest major that Supabase and most hosts run. */
const DEFAULT_MAJOR = 17;

type Options = OptionValues<typeof INIT_OPTIONS>;

/**
 * What the options say, and on a terminal the person for what they leave open.
 *
 * @param known environments that are configured already
 * @param ask null: nobody is asked
 * @throws {PgstrataError} code `usage` for answers that contradict each other or cannot be used
 */
export async function initAnswers(options: Options, known: readonly string[], ask: Asker | null): Promise<InitAnswers> {
  const usual = known.length > 0 ? known : ["staging", "prod"];
  const environments = options.environments.length > 0 ? options.environments : ask === null ? usual : await asked(
    ask,
    "Environments, separated by commas",
    usual.join(","),
    (answer) => words(answer).map(checkedName),
  );
  for (const name of environments) checkedName(name);
  const urls = new Map<string, string>();
  for (const name of ask === null ? [] : environments.filter((name) => !known.includes(name))) {
    const url = await askUrl(name, ask ?? never());
    if (url !== "") urls.set(name, url);
  }
  const major = checkedMajor(
    options["server-major"] ?? (ask === null ? DEFAULT_MAJOR : await asked(
      ask,
      "Major version of the server",
      String(DEFAULT_MAJOR),
      (answer) => checkedMajor(Number(answer)),
    )),
  );
  const recipients = options.recipient.length > 0 || ask === null ? options.recipient : await asked(
    ask,
    "age public key to encrypt for (age-keygen makes one); empty for none",
    "",
    (answer) => words(answer).map(checkedRecipient),
  );
  const wantsBucket = options.keep === undefined || options.keep === "s3";
  const isBucketAsked = ask !== null && wantsBucket && options["s3-url"] === undefined;
  const url = isBucketAsked
    ? await asked(ask, "Bucket for copies, s3://BUCKET/PREFIX; empty for none", "", checkedBucket)
    : options["s3-url"];
  const endpoint = isBucketAsked && url && options["s3-endpoint"] === undefined
    ? await asked(ask, "Its endpoint, https://…, where it is not Amazon's; empty if it is", "", checkedEndpoint)
    : options["s3-endpoint"];
  const keep = options.keep ?? (url ? "s3" : recipients.length > 0 ? "artifact" : "none");
  if (keep === "artifact" && recipients.length === 0) {
    throw wrong(
      "an artifact must be encrypted, and there is nobody to encrypt for",
      "Make a key with age-keygen and give its public line with --recipient age1…; or use --keep s3.",
    );
  }
  if (keep === "s3" && !url) throw wrong("--keep s3 needs a bucket", "Give --s3-url s3://BUCKET/PREFIX.");
  const storage = url ? storageOf(url, endpoint, options["s3-region"]) : null;
  checkConfig({ environments, urls, serverMajor: major, recipients, keep, storage });
  return { environments, urls, serverMajor: major, recipients, keep, storage };
}

function storageOf(url: string, endpoint: string | undefined, region: string | undefined): InitAnswers["storage"] {
  return { url, ...endpoint ? { endpoint } : {}, ...region === undefined ? {} : { region } };
}

/** `pgstrata.json`, as data. The retention rules are those of the labels that timers and workflow use. */
export function configOf({ recipients, storage }: InitAnswers): Record<string, unknown> {
  return {
    retention: { policy: "kinds" },
    ...recipients.length === 0 ? {} : { recipients: { age: recipients } },
    ...storage === null ? {} : { storage: [{ name: "cold", ...storage }] },
  };
}

function checkConfig(answers: InitAnswers): void {
  parseConfig(JSON.stringify(configOf(answers)));
  answers.recipients.forEach(checkedRecipient);
}

/** Asks until the answer can be used: what was typed before is not lost. */
async function asked<T>(ask: Asker, question: string, initial: string, read: (answer: string) => T): Promise<T> {
  for (;;) {
    const answer = await ask.line(question, initial);
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof PgstrataError)) throw error;
      ask.say(`${error.message}. ${error.hint ?? ""}`);
    }
  }
}

function checkedMajor(major: number): number {
  if (Number.isInteger(major) && major >= 13) return major;
  throw wrong("the server's version is no major version", "Write 17, for example.");
}

/** An age public key has 62 characters; a shorter one was cut when it was copied. */
function checkedRecipient(key: string): string {
  if (/^age1[02-9ac-hj-np-z]{58}$/.test(key)) return key;
  throw wrong(
    "a recipient is no age public key",
    "It begins with age1 and has 62 characters; never give the secret one (AGE-SECRET-KEY-…).",
  );
}

function checkedBucket(url: string): string {
  if (url === "" || /^s3:\/\/[a-z0-9][a-z0-9.-]+(?:\/\S*)?$/.test(url)) return url;
  throw wrong("that is no bucket", "Write s3://BUCKET/PREFIX, such as s3://acme-backups/db.");
}

function checkedEndpoint(url: string): string {
  if (url === "" || (/^https?:\/\//.test(url) && URL.canParse(url))) return url;
  throw wrong(
    "that is no endpoint",
    "Write the URL the service names, such as https://ACCOUNT.r2.cloudflarestorage.com.",
  );
}

async function askUrl(name: string, ask: Asker): Promise<string> {
  for (;;) {
    const url = (await ask.secret(`Connection string of ${name} (not shown; empty to fill it in later)`)).trim();
    if (url === "") return "";
    try {
      refuseUnusable(parseConnectionString(url, { environment: name, source: "the connection string", env: {} }));
      return url;
    } catch (error) {
      if (!(error instanceof PgstrataError)) throw error;
      ask.say(`${error.message}. ${error.hint ?? ""}`);
    }
  }
}

function checkedName(name: string): string {
  if (/^[a-z][a-z0-9-]*$/.test(name) && name !== "both" && name !== "all") return name;
  throw wrong(
    `"${name}" cannot be the name of an environment`,
    "Use small letters, digits and -, such as prod or eu-prod.",
  );
}

function words(text: string): string[] {
  return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function wrong(state: string, hint: string): PgstrataError {
  return new PgstrataError(`Cannot initialise: ${state}`, { code: "usage", hint });
}

function never(): never {
  throw new Error("nobody is asked without a terminal");
}
