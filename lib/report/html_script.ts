/**
 * What the report's page does: theme, choice of an environment, values of charts by mouse and arrow keys, sorting,
 * copying. Plain JavaScript without dependencies; everything is there without it too.
 */
export const REPORT_SCRIPT = `
"use strict";
const tip = document.getElementById("tip");
const root = document.documentElement;

const remembered = (() => { try { return localStorage.getItem("pgstrata-theme"); } catch { return null; } })();
if (remembered === "dark" || remembered === "light") root.dataset.theme = remembered;
const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const theme = document.getElementById("theme");
const nameTheme = () => { theme.textContent = isDark() ? "☀ Light" : "☾ Dark"; };
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("pgstrata-theme", root.dataset.theme); } catch { /* not kept */ }
  nameTheme();
});
nameTheme();

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    for (const section of document.querySelectorAll(".environment")) {
      section.hidden = button.dataset.show !== "" && section.dataset.environment !== button.dataset.show;
    }
  });
}

let marked = null;
function showTip(item, x, y) {
  marked?.classList.remove("marked");
  marked = item;
  item.classList.add("marked");
  tip.textContent = item.dataset.tip;
  tip.hidden = false;
  const width = tip.offsetWidth, height = tip.offsetHeight;
  tip.style.left = Math.max(4, Math.min(x - width / 2, innerWidth - width - 4)) + "px";
  tip.style.top = (y - height - 14 < 4 ? y + 18 : y - height - 14) + "px";
}
function hideTip() {
  marked?.classList.remove("marked");
  marked = null;
  tip.hidden = true;
}
// Where charts are wider than the screen, the newest is what is looked for.
for (const figure of document.querySelectorAll("figure")) figure.scrollLeft = figure.scrollWidth;

for (const chart of document.querySelectorAll("svg.chart")) {
  const items = [...chart.querySelectorAll("[data-tip]")];
  let current = -1;
  chart.addEventListener("pointermove", (event) => {
    const item = event.target.closest("[data-tip]");
    if (item === null) hideTip(); else showTip(item, event.clientX, event.clientY);
  });
  chart.addEventListener("pointerleave", hideTip);
  chart.addEventListener("blur", hideTip);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") return hideTip();
    if (event.key === "Enter" && items[current]?.hash) { event.preventDefault(); return items[current].dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })); }
    if (event.key === "Home") current = 0;
    else if (event.key === "End") current = items.length - 1;
    else if (step === undefined) return;
    else current = current === -1 && step < 0 ? items.length - 1 : Math.max(0, Math.min(items.length - 1, current + step));
    event.preventDefault();
    const item = items[current];
    if (item === undefined) return;
    const box = item.getBoundingClientRect();
    showTip(item, box.left + box.width / 2, box.top);
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.bar");
  if (link === null) return;
  event.preventDefault();
  const row = document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
  if (row === null) return;
  row.closest("details").open = true;
  for (const other of document.querySelectorAll("tr.chosen")) other.classList.remove("chosen");
  row.classList.add("chosen");
  row.scrollIntoView({ block: "center" });
  row.focus({ preventScroll: true });
});

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") === "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[index].dataset.sort ?? row.cells[index].textContent;
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const numbers = Number(x) - Number(y);
      return Number.isNaN(numbers) ? x.localeCompare(y, "en", { numeric: true }) : numbers;
    };
    const rows = [...table.tBodies[0].rows].sort((a, b) => up ? compare(a, b) : compare(b, a));
    table.tBodies[0].append(...rows);
  }));
}

for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

const opened = [];
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) { details.open = true; opened.push(details); }
});
addEventListener("afterprint", () => { for (const details of opened.splice(0)) details.open = false; });
`;
