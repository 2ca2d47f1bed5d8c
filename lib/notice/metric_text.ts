/** A family of gauges with the environment as its first label. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
}

/** One value. */
export interface MetricSample {
  readonly name: string;
  /** In this order; the first is `environment`. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** First line of the files we write; others' files are never touched. */
export const METRICS_HEAD = "# Written by pgstrata; each run replaces its environment's lines.";

/**
 * Samples in the text form of Prometheus. It ends with `# EOF`, so that it is valid OpenMetrics too
 * (for Prometheus that is a comment).
 */
export function metricsText(families: readonly MetricFamily[], samples: readonly MetricSample[]): string {
  const blocks = families.flatMap(({ name, help }) => {
    const own = samples.filter((sample) => sample.name === name).map(sampleLine).sort();
    return own.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...own];
  });
  return [METRICS_HEAD, ...blocks, "# EOF", ""].join("\n");
}

const SAMPLE = /^([a-z_:][a-z0-9_:]*)\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\} (\S+)$/i;

/** Reads samples back from {@linkcode metricsText}; null when somebody else wrote the text. */
export function parseMetrics(text: string): MetricSample[] | null {
  const [head, ...lines] = text.split("\n");
  if (head !== METRICS_HEAD) return null;
  return lines.flatMap((line): MetricSample[] => {
    const [, name, labels, value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || labels === undefined || value === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/gi)]
      .map(([, label = "", escaped = ""]) => [label, unescaped(escaped)] as const);
    return Number.isFinite(Number(value)) ? [{ name, labels: pairs, value: Number(value) }] : [];
  });
}

function sampleLine({ name, labels, value }: MetricSample): string {
  const pairs = labels.map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}`;
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, char: string) => char === "n" ? "\n" : char);
}
