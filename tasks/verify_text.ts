import { counted, countText, durationText, sizeText } from "../lib/base/mod.ts";
import { terminalText, textTable } from "../lib/report/mod.ts";
import type { Comparison, DrillReport, TierDrill, VerifyReport } from "../lib/verify/mod.ts";

/** Findings, differences and omissions listed on a screen. */
const ON_SCREEN = 30;

/** What a verification showed, for people. */
export function verifyText(name: string, report: VerifyReport, options: { readonly all: boolean }): string {
  const damages = report.findings.filter(({ severity }) => severity === "damage");
  const warnings = report.findings.filter(({ severity }) => severity === "warning");
  const what =
    `${counted(report.files, "file")}, ${sizeText(report.bytes)}, ${counted(report.archives, "archive")} read, ` +
    `rows of ${counted(report.tables, "table")} checked in ${durationText(report.duration)}`;
  const state = damages.length > 0
    ? "DAMAGED"
    : report.manifest === null
    ? "readable, but without manifest"
    : "verified";
  const most = options.all ? Infinity : ON_SCREEN;
  const sections = [
    [`${terminalText(name)} ${state}: ${what}`],
    damages.length === 0 ? [] : [
      `DAMAGED (${countText(damages.length)})`,
      ...textTable(
        [{ title: "file", widest: 60 }, { title: "at", align: "right" }, { title: "", widest: 160 }],
        damages.slice(0, most).map(({ file, offset, table, message }) => [
          file,
          offset === null ? "" : `byte ${countText(offset)}`,
          table === null ? message : `${table}: ${message}`,
        ]),
        2,
      ),
      ...more(damages.length, most),
    ],
    warnings.length === 0
      ? []
      : ["Warnings", ...warnings.map(({ file, message }) => `  - ${terminalText(`${file} ${message}`)}`)],
    report.notVerified.length === 0 ? [] : [
      `Not verified (${countText(report.notVerified.length)})`,
      ...report.notVerified.slice(0, most).map(({ file, reason }) => `  - ${terminalText(`${file}: ${reason}`)}`),
      ...more(report.notVerified.length, most),
    ],
  ];
  return joined(sections);
}

const STATES: Readonly<Record<TierDrill["state"], string>> = {
  good: "good: all that was restored is equal",
  partial: "PARTIAL: what could be restored here is equal",
  different: "FAILED: what was restored differs",
};

/** What a drill showed, for people. */
export function drillText(name: string, report: DrillReport, options: { readonly all: boolean }): string {
  const where = report.server.disposable ? "a disposable server" : "the database given";
  const most = options.all ? Infinity : ON_SCREEN;
  const sections = [
    [
      `Drill of ${terminalText(name)} ${STATES[report.state]} (${where}, PostgreSQL ${
        terminalText(report.server.version)
      }, ` +
      `${durationText(report.duration)})`,
    ],
    textTable(
      [
        { title: "tier" },
        { title: "result" },
        { title: "restored", align: "right" },
        { title: "objects", align: "right" },
        { title: "tables", align: "right" },
        { title: "rows", align: "right" },
        { title: "differences", align: "right" },
        { title: "restore", align: "right" },
        { title: "compare", align: "right" },
      ],
      report.tiers.map((tier) => [
        tier.tier,
        tier.state,
        percentage(tier.coverage),
        countText(objectsOf(tier.comparison)),
        countText(tier.comparison.compared.rows),
        countText(tier.comparison.rows),
        countText(tier.comparison.differences.length + tier.errors.length),
        durationText(tier.durations.restore),
        durationText(tier.durations.compare),
      ]),
      2,
    ),
    ...report.tiers.flatMap((tier) => tierSections(tier, most)),
    report.warnings.length === 0 ? [] : ["Warnings", ...report.warnings.map((text) => `  - ${terminalText(text)}`)],
  ];
  return joined(sections);
}

function tierSections(tier: TierDrill, most: number): string[][] {
  const { comparison, errors, leftOut } = tier;
  const { differences, notCompared } = comparison;
  return [
    differences.length === 0 ? [] : [
      `DIFFERENT after restoring the ${tier.tier} tier (${countText(differences.length)})`,
      ...textTable(
        [{ title: "" }, { title: "object", widest: 80 }, { title: "", widest: 160 }],
        differences.slice(0, most).map(({ category, kind, object, detail }) => [
          kind === "widened" ? "WIDENED" : category.replace("_", " "),
          object,
          detail,
        ]),
        2,
      ),
      ...more(differences.length, most),
    ],
    notes(`ERRORS while restoring the ${tier.tier} tier`, errors, most),
    notes(`Left out on this machine, ${tier.tier} tier`, leftOut, most),
    notes(
      `Not compared, ${tier.tier} tier`,
      notCompared.filter(({ reason }) => !leftOut.some(({ message }) => message === reason))
        .map(({ object, reason }) => ({ object, message: reason })),
      most,
    ),
  ];
}

function notes(
  title: string,
  list: readonly { readonly object: string; readonly message: string }[],
  most: number,
): string[] {
  if (list.length === 0) return [];
  return [
    `${title} (${countText(list.length)})`,
    ...list.slice(0, most).map(({ object, message }) => `  - ${terminalText(`${object}: ${message}`)}`),
    ...more(list.length, most),
  ];
}

function more(count: number, most: number): string[] {
  return count > most ? [`  … ${countText(count - most)} more; --verbose and --json show all`] : [];
}

function objectsOf({ compared }: Comparison): number {
  const { rows: _tables, ...others } = compared;
  return Object.values(others).reduce((sum, count) => sum + count, 0);
}

/** Never rounded up to all. */
function percentage(share: number): string {
  return `${share >= 1 ? 100 : Math.min(99.9, Math.floor(share * 1000) / 10)} %`;
}

function joined(sections: readonly (readonly string[])[]): string {
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}
