/** A sample as the strict parser reads it. */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?)$`);

/**
 * Reads a text of gauges by the rules that both Prometheus's text format and OpenMetrics have, strictly: HELP and TYPE
 * once before the samples of a family, families not interleaved, no sample twice, one `# EOF` at the very end.
 *
 * @throws {Error} with the line
 */
export function parseExposition(text: string): ParsedSample[] {
  const wrong = (line: string, state: string) => new Error(`${state}: ${line}`);
  if (!text.endsWith("\n# EOF\n")) throw new Error("no # EOF with a line break at the end");
  const samples: ParsedSample[] = [];
  const seen = new Set<string>();
  const families = new Set<string>();
  let family: string | null = null;
  let typed = false;
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    if (line === "") throw wrong(line, "an empty line");
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line);
    const type = new RegExp(`^# TYPE (${NAME}) gauge$`).exec(line);
    if (help !== null) {
      family = help[1] ?? "";
      if (families.has(family)) throw wrong(line, "a family twice");
      families.add(family);
      typed = false;
    } else if (type !== null) {
      if (type[1] !== family || typed) throw wrong(line, "a TYPE that is out of place");
      typed = true;
    } else if (line.startsWith("#")) {
      if (family !== null || /^# (?:HELP|TYPE|UNIT|EOF)/.test(line)) throw wrong(line, "a comment that is none");
    } else {
      const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
      if (name === undefined || value === undefined) throw wrong(line, "no sample");
      if (name !== family || !typed) throw wrong(line, "a sample outside of its family");
      const pairs = [...labels.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", raw = ""]) =>
        [label, raw.replaceAll(/\\(.)/g, (_, char: string) => char === "n" ? "\n" : char)] as const
      );
      if (new Set(pairs.map(([label]) => label)).size !== pairs.length) throw wrong(line, "a label twice");
      const key = JSON.stringify([name, pairs.toSorted()]);
      if (seen.has(key)) throw wrong(line, "a sample twice");
      seen.add(key);
      samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }
  return samples;
}
