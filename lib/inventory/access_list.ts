/** Who may do what with an object: privileges by grantee (`PUBLIC`, `(owner)` or a role); `*` after a letter: may grant it. */
export type AccessList = ReadonlyMap<string, ReadonlySet<string>>;

/** Stands for the owner, who may have another name after a restore. */
export const OWNER = "(owner)";

/** Built-in privileges by kind: the owner's, PUBLIC's (PostgreSQL: `acldefault`). */
const DEFAULTS: Readonly<Record<string, readonly [string, string]>> = {
  table: ["arwdDxt", ""],
  "foreign table": ["arwdDxt", ""],
  view: ["arwdDxt", ""],
  "materialized view": ["arwdDxt", ""],
  sequence: ["rwU", ""],
  database: ["CTc", "Tc"],
  schema: ["UC", ""],
  function: ["X", "X"],
  procedure: ["X", "X"],
  aggregate: ["X", "X"],
  type: ["U", "U"],
  "foreign data wrapper": ["U", ""],
  server: ["U", ""],
};

const NAMES: Readonly<Record<string, string>> = {
  a: "INSERT",
  r: "SELECT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  m: "MAINTAIN",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
  c: "CONNECT",
  T: "TEMPORARY",
  s: "SET",
  A: "ALTER SYSTEM",
};

/**
 * Reads an access list as PostgreSQL prints it (`grantee=letters/grantor`); null is the kind's built-in one. Who granted
 * does not count. MAINTAIN is left out: servers before 17 do not have it, and GRANT ALL brings it later.
 */
export function accessList(acl: readonly string[] | null, kind: string, owner: string): AccessList {
  const list = new Map<string, Set<string>>();
  const add = (grantee: string, letters: string) => {
    if (letters === "") return;
    const set = list.get(grantee) ?? new Set<string>();
    for (const [letter] of letters.matchAll(/[a-zA-Z]\*?/g)) if (letter[0] !== "m") set.add(letter);
    if (set.size > 0) list.set(grantee, set);
  };
  if (acl === null) {
    const [own, everybody] = DEFAULTS[kind] ?? ["", ""];
    add(OWNER, own);
    add("PUBLIC", everybody);
    return list;
  }
  for (const item of acl) {
    const match = /^("(?:[^"]|"")*"|[^=]*)=([a-zA-Z*]*)\//s.exec(item);
    const role = (match?.[1] ?? "").replace(/^"(.*)"$/s, (_, name: string) => name.replaceAll('""', '"'));
    add(role === "" ? "PUBLIC" : role === owner ? OWNER : role, match?.[2] ?? "");
  }
  return list;
}

/** What one access list allows and another does not, in words: `SELECT to anon`. */
export function accessBeyond(list: AccessList, other: AccessList): string[] {
  const beyond: string[] = [];
  for (const [grantee, letters] of list) {
    const allowed = other.get(grantee);
    const more = [...letters].filter((letter) => !allowed?.has(letter) && !allowed?.has(`${letter}*`));
    if (more.length > 0) beyond.push(`${more.map(privilegeName).join(", ")} to ${grantee}`);
  }
  return beyond;
}

/** An access list as one line. */
export function accessText(list: AccessList): string {
  const entries = [...list].map(([grantee, letters]) =>
    `${grantee}: ${[...letters].sort().map(privilegeName).join(", ")}`
  );
  return entries.sort().join("; ");
}

function privilegeName(letter: string): string {
  const name = NAMES[letter.charAt(0)] ?? letter.charAt(0);
  return letter.endsWith("*") ? `${name} WITH GRANT OPTION` : name;
}
