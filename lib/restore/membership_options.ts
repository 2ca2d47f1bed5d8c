/** What a `GRANT role TO member` says on a server, or why it is not granted there. */
export type MembershipOptions = { readonly options: string } | { readonly refused: string };

/**
 * Options of a membership as a server knows them. `INHERIT` and `SET` came with PostgreSQL 16: before it whether a member
 * inherits is an attribute of the member, and every member may SET ROLE. What would give more than in the backup is refused.
 *
 * @param options as in `roles.sql`: ` WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`; may be empty
 * @param inherits whether the member has the attribute INHERIT on the server
 */
export function membershipOptions(options: string, major: number, inherits: boolean): MembershipOptions {
  if (major >= 16) return { options };
  if (/\bSET FALSE\b/.test(options)) {
    return { refused: "SET FALSE came with PostgreSQL 16, without it it would give more" };
  }
  if (/\bINHERIT FALSE\b/.test(options) && inherits) {
    return { refused: "INHERIT FALSE came with PostgreSQL 16; here the member itself would have to be NOINHERIT" };
  }
  return { options: /\bADMIN (?:OPTION|TRUE)\b/.test(options) ? " WITH ADMIN OPTION" : "" };
}
