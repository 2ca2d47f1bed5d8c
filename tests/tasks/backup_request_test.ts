import { assertEquals, assertThrows } from "@std/assert";
import { PgstrataError } from "../../lib/base/mod.ts";
import { backupRequest, type BackupRequestContext, type BackupSource } from "../../tasks/backup_request.ts";
import { BACKUP_OPTIONS } from "../../tasks/commands/backup.ts";
import type { Invocation } from "../../tasks/command.ts";
import { parseOptions } from "../../tasks/parse.ts";

const KNOWN = ["prod", "staging", "dev", "both", "all", "eu-west"];

const NO_CONFIG = { excludedSchemas: [], expectedOmissions: [] };

function request(line: string, config: BackupRequestContext["config"] = NO_CONFIG) {
  const invocation = parseOptions(line.split(" ").filter((word) => word !== ""), BACKUP_OPTIONS);
  return backupRequest(invocation as Invocation<typeof BACKUP_OPTIONS>, {
    isEnvironment: (word) => KNOWN.includes(word),
    environments: KNOWN,
    shelf: "backups",
    config,
  });
}

const environment = (name?: string): BackupSource => ({ from: "environment", name });

const MEANINGS: readonly (readonly [string, BackupSource, string, string | null])[] = [
  ["", environment(), "url", null],
  ["prod", environment("prod"), "prod", null],
  ["prod pre-upgrade", environment("prod"), "prod", "pre-upgrade"],
  ["pre-upgrade", environment(), "url", "pre-upgrade"],
  ["eu-west", environment("eu-west"), "eu-west", null],
  ["--env prod staging", environment("prod"), "prod", "staging"],
  ["--env other", environment("other"), "other", null],
  ["--label x prod", environment("prod"), "prod", "x"],
  ["--label prod", environment(), "url", "prod"],
  ["--url postgres://h/d", { from: "url", url: "postgres://h/d" }, "url", null],
  ["--url postgres://h/d prod x", { from: "url", url: "postgres://h/d" }, "prod", "x"],
  ["--url - x", { from: "stdin" }, "url", "x"],
  ["--url-env MY_URL", { from: "variable", variable: "MY_URL" }, "url", null],
];

for (const [line, source, name, label] of MEANINGS) {
  Deno.test(`backupRequest() understands "backup ${line}"`, () => {
    const found = request(line);
    assertEquals([found.source, found.environment, found.shared.label], [source, name, label]);
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["prodd x", '"prodd" is not an environment'],
  ["--env prod a b", '"b" is one argument too many beside --env'],
  ["prod x --label y", 'the label is given twice, "x" and "y"'],
  ["--url postgres://h/d --url-env X", "--url and --url-env name two databases"],
  ["both --url postgres://h/d", "both cannot stand beside a connection string"],
  ["--schema-only --data-only", "--schema-only and --data-only leave nothing"],
  ["--ci-sha abc", "--ci-repository, --ci-event and --ci-sha are names of the ci layout"],
];

Deno.test("backupRequest() refuses a label that no folder can have before any environment is begun", () => {
  const error = assertThrows(() => request("both --label .hidden"), PgstrataError, "it cannot stand in a folder name");
  assertEquals(error.code, "usage");
});

for (const [line, state] of REFUSED) {
  Deno.test(`backupRequest() refuses "backup ${line}"`, () => {
    const error = assertThrows(() => request(line), PgstrataError);
    assertEquals([error.message, error.code], [`Cannot run backup: ${state}`, "usage"]);
  });
}

Deno.test("backupRequest() gives the defaults", () => {
  assertEquals(request("").shared, {
    label: null,
    shelf: "backups",
    layout: "runbook",
    severalEnvironments: false,
    tiers: ["full", "schema", "table"],
    engine: "archive",
    jobs: null,
    maxConnections: null,
    compression: null,
    selection: { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
    content: "all",
    privileges: true,
    blobs: false,
    skipUnreadable: false,
    lockWaitTimeout: 60_000,
    expectedOmissions: [],
    dedup: false,
  });
});

Deno.test("backupRequest() hands every option on", () => {
  const line = "both --layout ci --tiers full --engine pg_dump -j 4 --max-connections 9 --compress gzip:1 -n a -n b " +
    "-N c -t d -T e --exclude-table-data f --data-only --no-privileges -b --skip-unreadable --lock-wait-timeout 5s " +
    "--no-restore-hint --dedup --prune --ci-repository o/r --ci-event push --ci-sha abc";
  const { shared, restoreHint, prune } = request(line);
  assertEquals([restoreHint, prune], [false, true]);
  assertEquals(shared, {
    label: null,
    shelf: "backups",
    layout: "ci",
    severalEnvironments: true,
    tiers: ["full"],
    engine: "pg_dump",
    jobs: 4,
    maxConnections: 9,
    compression: { algorithm: "gzip", level: 1 },
    selection: {
      schemas: ["a", "b"],
      excludeSchemas: ["c"],
      tables: ["d"],
      excludeTables: ["e"],
      excludeTableData: ["f"],
    },
    content: "data-only",
    privileges: false,
    blobs: true,
    skipUnreadable: true,
    lockWaitTimeout: 5_000,
    expectedOmissions: [],
    dedup: true,
    origin: { repository: "o/r", event: "push", sha: "abc" },
  });
});

for (
  const [line, meant] of [
    ["prdo", "prod"],
    ["prood", "prod"],
    ["stagin", "staging"],
    ["pre", null],
    ["pre-upgrade", null],
    ["prod prdo", "prod"],
    ["--label prdo", null],
    ["--env prod prdo", null],
  ] as const
) {
  Deno.test(`backupRequest() ${meant === null ? "does not warn of" : "warns of"} "backup ${line}"`, () => {
    const label = line.split(" ").at(-1);
    const warning = `"${label}" is taken for the label. If you meant ${meant}, stop this and run it again`;
    assertEquals(request(line).warnings, meant === null ? [] : [warning]);
  });
}

Deno.test("backupRequest() adds what pgstrata.json leaves out and expects", () => {
  const config = { excludedSchemas: ["cron", "a"], expectedOmissions: ["public.queue"] };
  const { selection, expectedOmissions } = request("-N a -N b", config).shared;
  assertEquals(selection.excludeSchemas, ["cron", "a", "b"]);
  assertEquals(expectedOmissions, ["public.queue"]);
});
