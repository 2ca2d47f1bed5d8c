/** Objects whose keys are names of something, not fields: only their values have a form. */
const MAPS = new Set(["durations", "bytes", "compared", "tiers", "context", "categories"]);

/**
 * Where a document has another form than the one a page shows: a key that is missing or that the page does not know, a
 * value of another type. Values do not count; `null` stands for every type, on either side.
 */
export function differencesOfForm(shown: unknown, real: unknown, path = "$"): string[] {
  if (shown === null || real === null) return [];
  if (Array.isArray(shown) && Array.isArray(real)) {
    if (shown.length === 0 && real.length > 0) return [`${path} is not shown with members, but has some`];
    return [...new Set(real.flatMap((one) => closestDifferences(shown, one, `${path}[]`)))];
  }
  if (isObject(shown) && isObject(real)) {
    if (MAPS.has(path.split(".").at(-1) ?? "")) {
      const all = Object.values(shown);
      return Object.entries(real).flatMap(([key, value]) => closestDifferences(all, value, `${path}.${key}`));
    }
    const missing = Object.keys(shown).filter((key) => !(key in real)).map((key) => `${path}.${key} is not there`);
    const unknown = Object.keys(real).filter((key) => !(key in shown)).map((key) => `${path}.${key} is not shown`);
    const both = Object.keys(shown).filter((key) => key in real);
    return [
      ...missing,
      ...unknown,
      ...both.flatMap((key) => differencesOfForm(shown[key], real[key], `${path}.${key}`)),
    ];
  }
  const [expected, found] = [typeName(shown), typeName(real)];
  return expected === found ? [] : [`${path} is shown as ${expected}, and is ${found}`];
}

/** Against that of the examples which is closest. */
function closestDifferences(examples: readonly unknown[], real: unknown, path: string): string[] {
  const all = examples.map((one) => differencesOfForm(one, real, path));
  return all.sort((a, b) => a.length - b.length)[0] ?? [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}
