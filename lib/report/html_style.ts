const LIGHT = `
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2024; --soft: #5b6470; --line: #dfe3e8; --grid: #e9ecf0;
  --link: #2457c5; --good: #1d7a46; --warn: #9a5b00; --bad: #c0272d; --good-bg: #e8f5ed; --warn-bg: #fff4df; --bad-bg: #fdeaea;
  --full: #3d6fd6; --schema: #2b9c8f; --table: #d99a2b; --root: #9aa3af;
  --day-none: #f3c1c1; --day-before: #eceff3; --day-removed: #b7d8c5; --shade: 0 1px 2px rgba(20, 30, 50, .06), 0 4px 16px rgba(20, 30, 50, .05);`;

const DARK = `
  --page: #101317; --card: #191d23; --ink: #e6e9ee; --soft: #9aa4b1; --line: #2c333c; --grid: #262c34;
  --link: #8ab4ff; --good: #5fd08d; --warn: #f0b45a; --bad: #ff7b7b; --good-bg: #15291e; --warn-bg: #2e2412; --bad-bg: #331a1c;
  --full: #6a97f0; --schema: #43bfb0; --table: #e6b14f; --root: #7b8593;
  --day-none: #6d2b2f; --day-before: #21262d; --day-removed: #2f5b44; --shade: none;`;

/** The report's style: light and dark, by the system or by choice; one column on small screens and on paper. */
export const REPORT_STYLE = `
:root { color-scheme: light; ${LIGHT}
}
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { color-scheme: dark; ${DARK} } }
:root[data-theme="dark"] { color-scheme: dark; ${DARK} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { display: flex; justify-content: space-between; align-items: center; gap: 16px; flex-wrap: wrap; padding-top: 28px; padding-bottom: 8px; }
header p { margin: 4px 0 0; color: var(--soft); }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 22px; margin: 28px 0 12px; text-transform: none; }
h3 { font-size: 16px; margin: 0 0 12px; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
a { color: var(--link); }
button { font: inherit; color: inherit; }
.tools { display: flex; gap: 8px; flex-wrap: wrap; }
.tools button, .copy { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 5px 12px; cursor: pointer; }
.tools button:hover, .copy:hover { border-color: var(--soft); }
.filter { display: flex; gap: 4px; }
.filter [aria-pressed="true"] { background: var(--ink); color: var(--page); border-color: var(--ink); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--card); padding: 8px; z-index: 3; }
.part { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin: 16px 0; box-shadow: var(--shade); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; list-style: none; padding: 0; margin: 0; }
.card { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--good); border-radius: 10px; padding: 12px 14px; box-shadow: var(--shade); min-width: 0; }
.card.warn { border-left-color: var(--warn); }
.card.bad { border-left-color: var(--bad); }
.card h3 { font-size: 12.5px; font-weight: 600; color: var(--soft); margin: 0; }
.card p { margin: 0; font-size: 12.5px; color: var(--soft); overflow-wrap: anywhere; }
.card .value { font-size: 22px; font-weight: 650; color: var(--ink); line-height: 1.35; }
.card.bad .value { color: var(--bad); }
.card.warn .value { color: var(--warn); }
p.good { color: var(--good); }
p.bad { color: var(--bad); font-weight: 600; }
.note { color: var(--soft); font-size: 13px; }
figure { margin: 0 0 8px; }
figcaption { font-weight: 600; font-size: 13.5px; margin-bottom: 4px; }
figcaption small { font-weight: 400; color: var(--soft); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 20px; margin: 12px 0; }
svg.chart { display: block; width: 100%; height: auto; }
svg.calendar { max-width: 640px; }
.grid { stroke: var(--grid); }
.tick { fill: var(--soft); font-size: 11px; }
.pair .tick { font-size: 12px; }
.calendar .tick { font-size: 9px; }
.fill-full { fill: var(--full); background: var(--full); }
.fill-schema { fill: var(--schema); background: var(--schema); }
.fill-table { fill: var(--table); background: var(--table); }
.fill-root { fill: var(--root); background: var(--root); }
.fill-bad, .outline-bad { fill: var(--bad); background: var(--bad); }
.mark-failed { stroke: var(--bad); stroke-width: 2.5; fill: none; }
.fill-s0 { fill: #3565c4; background: #3565c4; } .fill-s1 { fill: #1d7a70; background: #1d7a70; }
.fill-s2 { fill: #a05f0c; background: #a05f0c; } .fill-s3 { fill: #7f4fb8; background: #7f4fb8; }
.fill-s4 { fill: #b53f64; background: #b53f64; } .fill-s5 { fill: #40772f; background: #40772f; }
.fill-s6 { fill: #7a5f4c; background: #7a5f4c; } .fill-s7 { fill: #4f6689; background: #4f6689; }
.fill-s8 { fill: #6b7280; background: #6b7280; }
.bar:hover, .marked.bar { opacity: .75; }
.marked rect { stroke: var(--ink); stroke-width: 1.5; }
.line { fill: none; stroke-width: 1.8; }
.line-a { stroke: var(--full); } .dot.line-a { fill: var(--full); stroke: none; }
.line-b { stroke: var(--schema); } .dot.line-b { fill: var(--schema); stroke: none; }
.dot.marked { stroke: var(--ink); stroke-width: 2; }
.dot.total { fill: var(--ink); }
.area { opacity: .9; stroke: var(--card); stroke-width: .8; }
.area.marked { opacity: 1; stroke: var(--ink); }
.treemap text { fill: #fff; font-size: 11.5px; pointer-events: none; }
.treemap .small { font-size: 10.5px; opacity: .85; }
.treemap .schema-name { fill: var(--ink); font-weight: 600; font-size: 12px; }
.day { stroke: none; }
.day-complete { fill: var(--good); background: var(--good); } .day-incomplete { fill: var(--table); background: var(--table); }
.day-failed { fill: var(--bad); background: var(--bad); } .day-removed { fill: var(--day-removed); background: var(--day-removed); }
.day-none { fill: var(--day-none); background: var(--day-none); } .day-before, .day-today { fill: var(--day-before); }
.day.marked { stroke: var(--ink); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; padding: 0; margin: 6px 0 0; font-size: 12.5px; color: var(--soft); }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.legend i.mark-failed { background: linear-gradient(45deg, transparent 40%, var(--bad) 40% 60%, transparent 60%), linear-gradient(-45deg, transparent 40%, var(--bad) 40% 60%, transparent 60%); }
.gaps { columns: 300px 3; margin: 6px 0; padding-left: 20px; }
.scroll { position: relative; overflow: auto; max-height: 480px; border: 1px solid var(--line); border-radius: 8px; margin: 10px 0; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th { position: sticky; top: 0; background: var(--card); text-align: left; font-weight: 600; box-shadow: inset 0 -1px var(--line); }
th button { background: none; border: 0; padding: 7px 10px; font: inherit; cursor: pointer; white-space: nowrap; }
th[aria-sort="descending"] button::after { content: " ↓"; }
th[aria-sort="ascending"] button::after { content: " ↑"; }
td { padding: 6px 10px; border-top: 1px solid var(--grid); vertical-align: top; overflow-wrap: anywhere; min-width: 72px; }
.right { text-align: right; white-space: nowrap; }
tr.bad td:first-child { box-shadow: inset 3px 0 var(--bad); }
tr.warn td:first-child { box-shadow: inset 3px 0 var(--warn); }
tr.good td:first-child { box-shadow: inset 3px 0 var(--good); }
tr.chosen td { background: var(--warn-bg); }
tr:focus { outline: none; }
details { margin: 8px 0; }
summary { cursor: pointer; font-weight: 600; font-size: 13.5px; padding: 4px 0; }
.spark { width: 80px; height: 18px; display: block; }
.spark polyline { fill: none; stroke: var(--full); stroke-width: 1.5; }
.alerts { background: var(--bad-bg); color: var(--bad); border-radius: 8px; padding: 10px 12px 10px 30px; font-weight: 600; }
.notes { color: var(--soft); font-size: 13px; }
.changes { list-style: none; padding: 0; margin: 0; font-size: 13.5px; }
.changes > li { padding: 3px 0; overflow-wrap: anywhere; }
.changes > li > span { display: inline-block; width: 1.2em; font-weight: 700; }
.added > span, pre .added { color: var(--good); } .removed > span, pre .removed { color: var(--bad); } .changed > span { color: var(--warn); }
pre { background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; margin: 6px 0 6px 1.2em; overflow: auto; white-space: pre-wrap; }
.steps { margin: 0; }
.steps > div { display: grid; grid-template-columns: 200px 1fr; gap: 12px; padding: 8px 0; border-top: 1px solid var(--grid); }
.pair > *, .steps > div > * { min-width: 0; }
.steps dt { color: var(--soft); }
.steps dd { margin: 0; display: flex; gap: 10px; align-items: flex-start; justify-content: space-between; }
.copy { font-size: 12px; padding: 2px 10px; flex: none; }
td .command { display: none; }
footer { color: var(--soft); font-size: 12.5px; padding-bottom: 32px; }
#tip { position: fixed; z-index: 2; max-width: 420px; background: var(--ink); color: var(--page); font-size: 12.5px; border-radius: 6px; padding: 5px 9px; pointer-events: none; overflow-wrap: anywhere; }
#tip[hidden], .environment[hidden] { display: none; }
@media (max-width: 720px) { header, main, footer { padding-left: 12px; padding-right: 12px; } .pair { grid-template-columns: 1fr; } .steps > div { grid-template-columns: 1fr; gap: 2px; } .part { padding: 14px; }
  figure:has(> svg.chart) { overflow-x: auto; } figure > :not(svg) { position: sticky; left: 0; }
  figure > svg.chart { min-width: 640px; } .pair svg.chart, svg.calendar { min-width: 0; } }
@media print {
  :root, :root[data-theme="dark"] { color-scheme: light; ${LIGHT} }
  .tools, .copy, #tip, .skip { display: none; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  .part, .card { box-shadow: none; break-inside: avoid-page; }
  .part:has(table) { break-inside: auto; }
  svg.chart { break-inside: avoid; }
  body { background: #fff; font-size: 12px; }
  .fill-full, .fill-schema, .fill-table, .fill-root, [class*="fill-s"], [class*="day-"], .fill-bad { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
