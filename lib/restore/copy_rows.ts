import { CopyScript } from "../archive/mod.ts";
import type { Session } from "../connection/mod.ts";
import { quoteLiteral } from "../base/mod.ts";

/** Read size. */
const BLOCK = 1024 * 1024;

/**
 * Copies the rows of a `data.sql` through a session of ours. Only the rows are taken from the file: no statement in it
 * is run.
 *
 * @param copyStatement `COPY … FROM stdin;` as the manifest has it
 * @param encoding PostgreSQL's name of the encoding of the rows
 */
export async function copyRows(session: Session, path: string, copyStatement: string, encoding: string): Promise<void> {
  const statement = copyStatement.trimEnd().replace(/ FROM stdin;$/, "");
  await session.copyIn(`${statement} FROM STDIN WITH (ENCODING ${quoteLiteral(encoding)})`, dataOf(path));
}

async function* dataOf(path: string): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const script = new CopyScript((bytes) => void ready.push(bytes.slice()));
  using file = await Deno.open(path);
  const buffer = new Uint8Array(BLOCK);
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    script.push(buffer.subarray(0, read));
    yield* ready.splice(0);
  }
  script.end();
  yield* ready.splice(0);
}
