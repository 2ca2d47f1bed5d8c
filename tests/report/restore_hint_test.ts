import { assertEquals } from "@std/assert";
import { restoreNeeds, restoreSteps } from "../../lib/report/mod.ts";
import { fakeFile, fakeManifest, fakeTable } from "./fake_manifest.ts";

Deno.test("restoreSteps() gives the exact commands of PostgreSQL's own programs", () => {
  assertEquals(restoreSteps(fakeManifest()).map(({ does, command }) => ({ does, command })), [
    { does: "roles", command: 'psql --dbname="$TARGET_URL" --file=roles.sql' },
    {
      does: "everything, into a new and empty database",
      command: 'pg_restore --no-owner --dbname="$TARGET_URL" db_full.dump',
    },
    {
      does: "everything, over what is there",
      command: 'pg_restore --clean --if-exists --no-owner --dbname="$TARGET_URL" db_full.dump',
    },
    {
      does: "one schema, over what is there; complains where other schemas depend on it",
      command: 'pg_restore --clean --if-exists --no-owner --dbname="$TARGET_URL" ' +
        "public/public_schema_20260810_020004.dump",
    },
    {
      does: "one table",
      command: 'psql --dbname="$TARGET_URL" --set=ON_ERROR_STOP=1 ' +
        "--file=public/tables/orders/schema.sql --file=public/tables/orders/data.sql",
    },
  ]);
});

Deno.test("restoreSteps() keeps owners where the server is not Supabase's", () => {
  const { server } = fakeManifest();
  const steps = restoreSteps(fakeManifest({ server: { ...server, projectRef: null } }));
  assertEquals(steps[1]?.command, 'pg_restore --dbname="$TARGET_URL" db_full.dump');
  assertEquals(steps[2]?.command, 'pg_restore --clean --if-exists --dbname="$TARGET_URL" db_full.dump');
});

Deno.test("restoreSteps() names the folder, and pgstrata's own command where there is one", () => {
  const steps = restoreSteps(fakeManifest(), { folder: "my backups/x", ownCommand: true });
  assertEquals(steps.slice(0, 2).map(({ does, command }) => ({ does, command })), [
    { does: "with pgstrata", command: `pgstrata restore 'my backups/x' --to "$TARGET_URL"` },
    { does: "in the backup's folder", command: "cd 'my backups/x'" },
  ]);
});

Deno.test("restoreSteps() adds a table's constraints where it has any", () => {
  const manifest = fakeManifest({ tables: [fakeTable("a", "b")] });
  const files = [...manifest.files, fakeFile("a/tables/b/constraints.sql", "table", 1)];
  assertEquals(restoreSteps({ ...manifest, files }).at(-1), {
    does: "its foreign keys and triggers, where the others exist",
    command: 'psql --dbname="$TARGET_URL" --set=ON_ERROR_STOP=1 --file=a/tables/b/constraints.sql',
    showsNames: true,
  });
});

Deno.test("restoreSteps() names only what the backup has", () => {
  const manifest = fakeManifest({ files: [], schemas: [], tables: [] });
  assertEquals(restoreSteps(manifest), []);
});

Deno.test("restoreSteps() quotes names for the shell", () => {
  const manifest = fakeManifest({ tables: [fakeTable("a", "it's", { folder: "a/tables/it's" })] });
  assertEquals(
    restoreSteps(manifest).at(-1)?.command,
    `psql --dbname="$TARGET_URL" --set=ON_ERROR_STOP=1 ` +
      `--file='a/tables/it'\\''s/schema.sql' --file='a/tables/it'\\''s/data.sql'`,
  );
});

Deno.test("restoreNeeds() names the client's major version", () => {
  assertEquals(restoreNeeds(fakeManifest()), "pg_restore and psql 17 or newer");
});
