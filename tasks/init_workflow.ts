import { ACTIONS } from "./init_actions.ts";
import type { InitAnswers } from "./init_answers.ts";
import { variableOf } from "./init_env.ts";

/** When the workflow runs, UTC. */
const DAILY = "17 2 * * *";
const WEEKLY = "17 4 * * 0";

/** `.github/workflows/backup.yml`. @param deno version to pin, such as `2.9.6` */
export function workflowText(answers: InitAnswers, deno: string): string {
  const { environments, serverMajor, recipients, keep } = answers;
  const encrypt = recipients.length > 0;
  const aws = keep !== "s3" ? "" : `
          AWS_ACCESS_KEY_ID: \${{ secrets.AWS_ACCESS_KEY_ID }}
          AWS_SECRET_ACCESS_KEY: \${{ secrets.AWS_SECRET_ACCESS_KEY }}`;
  return `# Written by pgstrata init; yours to change.
#
# Secrets to set in the repository's settings (Secrets and variables, Actions):
${
    environments.map((name) => `#   ${variableOf(name)}  session pooler's URL, port 5432: these runners have no IPv6`)
      .join("\n")
  }
#   PGSTRATA_PING_URL  where a dead man's switch is pinged; optional${
    keep === "s3" ? "\n#   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY  for the bucket in pgstrata.json" : ""
  }
name: Backup

on:
  schedule:
    - cron: "${DAILY}" # every day
    - cron: "${WEEKLY}" # Sundays, with a drill: the backup is restored and compared
  workflow_dispatch:
    inputs:
      label:
        description: A word for the folder's name, such as pre-upgrade
        required: false
        type: string
      drill:
        description: Restore the backup and compare
        required: false
        type: boolean

permissions:
  contents: read

concurrency:
  group: pgstrata-backup
  cancel-in-progress: false

jobs:
  backup:
    name: Back up \${{ matrix.environment }}
    runs-on: ubuntu-latest
    timeout-minutes: 300
    strategy:
      fail-fast: false
      max-parallel: 1
      matrix:
        include:
${environments.map((name) => `          - environment: ${name}\n            secret: ${variableOf(name)}`).join("\n")}
    env:
      ENVIRONMENT: \${{ matrix.environment }}
      LABEL: \${{ inputs.label || (github.event.schedule == '${WEEKLY}' && 'weekly' || 'daily') }}
    steps:
      # Actions by the commit of their tag.
      - uses: ${ACTIONS.checkout}
        with:
          persist-credentials: false

      - uses: ${ACTIONS.setupDeno}
        with:
          deno-version: v${deno}

      # The client must not be older than the server; the drill starts a server of the same version.
      - name: Install PostgreSQL ${serverMajor}
        run: |
          sudo apt-get update
          sudo apt-get install --yes postgresql-common
          sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
          sudo apt-get install --yes postgresql-${serverMajor}${encrypt ? " age" : ""}
          echo "PGSTRATA_PG_BIN=/usr/lib/postgresql/${serverMajor}/bin" >> "$GITHUB_ENV"

      - name: Doctor
        env:
          DATABASE: \${{ secrets[matrix.secret] }}
        run: deno task pgstrata doctor --env "$ENVIRONMENT" --url-env DATABASE

      - name: Back up
        env:
          DATABASE: \${{ secrets[matrix.secret] }}
          PGSTRATA_PING_URL: \${{ secrets.PGSTRATA_PING_URL }}
        run: >-
          deno task pgstrata backup --env "$ENVIRONMENT" --url-env DATABASE --label "$LABEL" --layout ci

      - name: Drill
        if: github.event.schedule == '${WEEKLY}' || inputs.drill
        run: deno task pgstrata verify "latest:$ENVIRONMENT" --drill
${
    encrypt
      ? `
      # Nothing leaves this machine unencrypted.
      - name: Encrypt
        run: deno task pgstrata encrypt "latest:$ENVIRONMENT"
`
      : ""
  }${
    keep === "artifact"
      ? `
      - name: Check that nothing unencrypted is uploaded
        run: |
          if find backups/archive -type f ! -name '*.age' ! -name manifest.public.json ! -name SHA256SUMS | grep .; then
            echo "These files are not encrypted: nothing is uploaded" >&2
            exit 1
          fi

      - uses: ${ACTIONS.uploadArtifact}
        with:
          name: backup-\${{ matrix.environment }}-\${{ github.run_id }}
          path: backups/archive/
          retention-days: 14
          compression-level: 0
          if-no-files-found: error
`
      : `
      - name: Push to cold storage
        env:${aws}
        run: deno task pgstrata push "latest:$ENVIRONMENT"
`
  }`;
}
