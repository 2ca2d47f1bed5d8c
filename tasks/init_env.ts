import type { InitAnswers } from "./init_answers.ts";

const HEAD = `# Connection strings of the databases to back up. Keep this file to yourself: chmod 600, never into git.
# Values stand in quotes: an unquoted # begins a comment. Percent-encode special characters of a password in a URL.
# Use the server itself or Supabase's session pooler (port 5432), never the transaction pooler (port 6543).
`;

const POOLER =
  "postgresql://postgres.PROJECT_REF:PASSWORD@aws-0-REGION.pooler.supabase.com:5432/postgres?sslmode=require";

/** Name of an environment's variable. */
export function variableOf(environment: string): string {
  return `DATABASE_URL_${environment.toUpperCase().replaceAll("-", "_")}`;
}

/** `.env`: what was typed in, and commented lines for the rest. */
export function envText({ environments, urls }: InitAnswers): string {
  const lines = environments.map((name) => {
    const url = urls.get(name);
    return url === undefined ? `# ${variableOf(name)}="${POOLER}"` : `${variableOf(name)}=${quoted(url)}`;
  });
  return `${HEAD}${lines.join("\n")}\n`;
}

/** `.env.example`: for everybody to see. */
export function envExampleText({ environments, keep }: InitAnswers): string {
  const storage = keep === "s3" ? ['AWS_ACCESS_KEY_ID="..."', 'AWS_SECRET_ACCESS_KEY="..."'] : [];
  return `# Copy to .env (chmod 600) and fill in. The real environment wins over it.\n${HEAD}${
    [...environments.map((name) => `${variableOf(name)}="${POOLER}"`), ...storage].join("\n")
  }
# Where a dead man's switch is pinged, as healthchecks.io has it.
# PGSTRATA_PING_URL="https://..."
`;
}

/** Lines for \`.gitignore\`. */
export const IGNORED: readonly string[] = [".env", ".env.*", "!.env.example", "backups/", "*.partial"];

/** A `.gitignore` with what is missing at its end; null when nothing is. */
export function gitignoreText(before: string | null): string | null {
  const there = new Set((before ?? "").split(/\r?\n/).map((line) => line.trim()));
  const missing = IGNORED.filter((line) => !there.has(line));
  if (missing.length === 0) return null;
  const start = before === null || before === "" ? "" : `${before.replace(/\n?$/, "\n")}\n`;
  return `${start}# Backups and secrets never go into git.\n${missing.join("\n")}\n`;
}

/** A value in the quotes it can stand in. A URL has no need for the characters of all three kinds at once. */
function quoted(value: string): string {
  const quote = ['"', "'", "`"].find((mark) => !value.includes(mark) && !(mark === '"' && value.includes("\\n")));
  return quote === undefined ? `"${value.replaceAll('"', "%22")}"` : `${quote}${value}${quote}`;
}
