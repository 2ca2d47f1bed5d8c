const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** The values of one line of COPY text; `\N` is null (PostgreSQL: `CopyReadAttributesText` in copyfromparse.c). */
export function copyValues(line: string): (string | null)[] {
  return line.split("\t").map((value) =>
    value === "\\N" ? null : value.replaceAll(
      /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([^]))/g,
      (_, octal?: string, hex?: string, char = "") =>
        octal !== undefined
          ? String.fromCharCode(parseInt(octal, 8))
          : hex !== undefined
          ? String.fromCharCode(parseInt(hex, 16))
          : ESCAPES[char] ?? char,
    )
  );
}
