import { bytesCodec, CopyScript, inLoadOrder, type TocEntry } from "../archive/mod.ts";
import { quoteLiteral } from "../base/mod.ts";
import type { ToolSet } from "../postgres/mod.ts";
import { knowsRestrict } from "./choose_restore_tools.ts";
import { processStream } from "./process_stream.ts";
import { writeList } from "./restore_list.ts";
import type { RowSource, ScriptPart } from "./script_part.ts";

/** What the pieces of a script are made with. */
export interface ScriptOptions {
  readonly tools: ToolSet;
  /** A private folder. */
  readonly folder: string;
  readonly owners: boolean;
  readonly tablespaces: boolean;
  /** Milliseconds to wait for locks of others. */
  readonly lockTimeout: number;
  readonly signal: AbortSignal;
  readonly onItem: (text: string) => void;
  /** Told before COMMIT is written. */
  readonly onCommit: () => void;
}

/** Read size of files. */
const BLOCK = 1024 * 1024;

const encoder = new TextEncoder();

/**
 * The bytes psql reads: every piece between `\restrict` and `\unrestrict` with a key that nobody can guess, so that no
 * text of a backup can run a command of psql; all of them between BEGIN and COMMIT. COMMIT comes only after every piece was
 * written to its end: whatever fails before, psql sees the end of its input and the server undoes everything.
 */
export async function* scriptStream(parts: readonly ScriptPart[], options: ScriptOptions): AsyncGenerator<Uint8Array> {
  yield encoder.encode(
    `${PATIENCE}BEGIN;\nSELECT pg_catalog.set_config('pgstrata.transaction', 'open', true);\n` +
      "SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.txid_current() AS id \\gset\n" +
      `\\warn ${TRANSACTION} :pid :id\n`,
  );
  for (const [index, part] of parts.entries()) {
    options.signal.throwIfAborted();
    const name = `part-${index}`;
    // pg_restore frames its own output where it knows how; within a restricted piece another frame would be refused.
    if ((part.type === "archive" || part.type === "large_objects") && knowsRestrict(options.tools)) {
      yield* partBytes(part, name, options);
      continue;
    }
    const key = restrictKey();
    yield encoder.encode(`\\restrict ${key}\n${settings(options)}`);
    yield* partBytes(part, name, options);
    yield encoder.encode(`\n\\unrestrict ${key}\n`);
  }
  options.onCommit();
  yield encoder.encode(`${CHECK}COMMIT;\n`);
}

/** No limit of the database or role ends the transaction in the middle, or while psql waits for its input. */
const PATIENCE = "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN " +
  "('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout');\n";

/** What psql's line about its transaction begins with; process and transaction follow. */
export const TRANSACTION = "pgstrata-transaction";

/** What the server says when text of a backup has ended the transaction in the middle. */
export const BROKEN_TRANSACTION = "pgstrata: the transaction was ended before its end";

/** A setting made for the transaction is gone if something in between has ended it. */
const CHECK = `DO $$
BEGIN
  IF pg_catalog.current_setting('pgstrata.transaction', true) IS DISTINCT FROM 'open' THEN
    RAISE EXCEPTION '${BROKEN_TRANSACTION}';
  END IF;
END
$$;
`;

/** Nothing that somebody has put into a schema of the search path may run (CVE-2018-1058). */
function settings({ lockTimeout }: ScriptOptions): string {
  return `SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET client_min_messages = warning;\nSET lock_timeout = ${lockTimeout};\n` +
    "SELECT pg_catalog.set_config('search_path', '', false);\n";
}

async function* partBytes(part: ScriptPart, name: string, options: ScriptOptions): AsyncGenerator<Uint8Array> {
  switch (part.type) {
    case "archive":
      yield* archiveText(part.archive, part.entries, name, options);
      return;
    case "large_objects":
      yield* largeObjectText(part.archive, part.entries, name, options);
      return;
    case "sql":
      yield encoder.encode(part.text);
      return;
    case "file":
      yield* fileBytes(part.path);
      return;
    case "rows": {
      yield encoder.encode(`SET client_encoding = ${quoteLiteral(part.encoding)};\n`);
      yield encodeIn(part.copyStatement, part.encoding);
      let last = 10;
      for await (const chunk of rowBytes(part.source, name, options)) {
        last = chunk.at(-1) ?? last;
        yield chunk;
      }
      yield encoder.encode(`${last === 10 ? "" : "\n"}\\.\n`);
      return;
    }
  }
}

/** The COPY data alone. */
async function* rowBytes(source: RowSource, name: string, options: ScriptOptions): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  // The reader's buffer is used again; what is kept must be copied.
  const script = new CopyScript((bytes) => void ready.push(bytes.slice()));
  const stream = source.in === "file"
    ? fileBytes(source.path)
    : archiveText(source.archive, [source.entry], name, options);
  for await (const chunk of stream) {
    script.push(chunk);
    yield* ready.splice(0);
  }
  script.end();
  yield* ready.splice(0);
}

async function* archiveText(
  archive: string,
  entries: readonly TocEntry[],
  name: string,
  options: ScriptOptions,
): AsyncGenerator<Uint8Array> {
  const list = await writeList(options.folder, name, inLoadOrder(entries));
  yield* processStream({
    program: options.tools.program("pg_restore"),
    args: [
      "--file=-",
      "--verbose",
      `--use-list=${list}`,
      ...(options.owners ? [] : ["--no-owner"]),
      ...(options.tablespaces ? [] : ["--no-tablespaces"]),
      archive,
    ],
    signal: options.signal,
    onStderr: (line) => {
      const item = /^pg_restore: (?:creating|processing data for|executing) (.*)$/.exec(line)?.[1];
      if (item !== undefined) options.onItem(item);
    },
  });
}

/**
 * pg_restore puts BEGIN and COMMIT around large objects (`StartRestoreLOs` in pg_backup_archiver.c), which would commit
 * everything. Their text is nothing but lines that pg_restore makes itself, so that these two can be left out by line.
 */
async function* largeObjectText(
  archive: string,
  entries: readonly TocEntry[],
  name: string,
  options: ScriptOptions,
): AsyncGenerator<Uint8Array> {
  const kept = (line: string) => line !== "BEGIN;" && line !== "COMMIT;";
  let rest = "";
  for await (const chunk of archiveText(archive, entries, name, options)) {
    const lines = (rest + bytesCodec.decode(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield bytesCodec.encode(lines.filter(kept).map((line) => `${line}\n`).join(""));
  }
  if (kept(rest)) yield bytesCodec.encode(rest);
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  for (;;) {
    const buffer = new Uint8Array(BLOCK);
    const read = await file.read(buffer);
    if (read === null) return;
    yield buffer.subarray(0, read);
  }
}

/** Names that are not UTF-8 stand in a manifest with one character per byte. */
function encodeIn(text: string, encoding: string): Uint8Array {
  const isBytes = encoding !== "UTF8" && [...text].every((char) => (char.codePointAt(0) ?? 0) < 256);
  return isBytes ? bytesCodec.encode(text) : encoder.encode(text);
}

function restrictKey(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
