/** Text that a pattern of pg_dump takes as it is: in quotes nothing is an operator. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Names by their characters; what all names begin with stands at the root. */
interface Branch {
  readonly next: Map<string, Branch>;
  isName: boolean;
}

/**
 * A pattern of pg_dump for every name but these. PostgreSQL's patterns know no "not": another name leaves all of these at
 * some character, ends before one of them does, or goes on after it. Outside of quotes `*` is any text and `?` one
 * character (fe_utils/string_utils.c, `patternToSQLRegex`).
 */
export function otherNames(names: Iterable<string>): string {
  const root: Branch = { next: new Map(), isName: false };
  for (const name of names) {
    let branch = root;
    for (const char of name) {
      const next = branch.next.get(char) ?? { next: new Map(), isName: false };
      branch.next.set(char, next);
      branch = next;
    }
    branch.isName = true;
  }
  return others(root);
}

/** What follows a beginning in other names, as a group: nothing where a name of these goes on, another character, … */
function others({ next, isName }: Branch): string {
  const chars = [...next.keys()];
  // A hyphen between two characters would be a range.
  const set = [...chars.filter((char) => char !== "-"), ...chars.filter((char) => char === "-")].join("");
  return `(${
    [
      ...isName ? [] : [""],
      set === "" ? "?*" : `[^${quoted(set)}]*`,
      ...[...next].map(([char, branch]) => quoted(char) + others(branch)),
    ].join("|")
  })`;
}
