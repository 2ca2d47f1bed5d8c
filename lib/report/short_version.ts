/** `17.2` of `17.2 (Debian 17.2-1.pgdg120+1)`: what matters where room is short; "" where there is no number. */
export function shortVersion(version: string): string {
  return /\d+(?:\.\d+)?/.exec(version)?.[0] ?? "";
}
