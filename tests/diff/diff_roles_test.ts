import { assertEquals, assertFalse } from "@std/assert";
import { diffRoles } from "../../lib/diff/diff_roles.ts";

const BEFORE = `CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:one' VALID UNTIL 'infinity';
ALTER ROLE app SET search_path TO 'public';
CREATE ROLE "Old Role";
ALTER ROLE "Old Role" WITH NOLOGIN;
GRANT app TO "Old Role" GRANTED BY postgres;
`;

Deno.test("diffRoles() tells attributes, settings and memberships role by role", () => {
  const after = BEFORE.replace("NOSUPERUSER", "SUPERUSER").replaceAll(/.*"Old Role".*\n/g, "") +
    "CREATE ROLE fresh;\nGRANT app TO fresh WITH ADMIN OPTION GRANTED BY app;\n";
  assertEquals(diffRoles(BEFORE, after), [
    {
      change: "removed",
      role: "Old Role",
      gone: ['CREATE ROLE "Old Role"', 'ALTER ROLE "Old Role" WITH NOLOGIN', 'GRANT app TO "Old Role"'],
      come: [],
      passwordChanged: false,
    },
    {
      change: "changed",
      role: "app",
      gone: ["ALTER ROLE app WITH NOSUPERUSER LOGIN VALID UNTIL 'infinity'"],
      come: ["ALTER ROLE app WITH SUPERUSER LOGIN VALID UNTIL 'infinity'"],
      passwordChanged: false,
    },
    {
      change: "added",
      role: "fresh",
      gone: [],
      come: ["CREATE ROLE fresh", "GRANT app TO fresh WITH ADMIN OPTION"],
      passwordChanged: false,
    },
  ]);
});

Deno.test("diffRoles() says that a password changed and never shows one", () => {
  const changes = diffRoles(BEFORE, BEFORE.replace(":one", ":two"));
  assertEquals(changes, [{ change: "changed", role: "app", gone: [], come: [], passwordChanged: true }]);
  const without = diffRoles(BEFORE, BEFORE.replace(/ PASSWORD '[^']*'/, ""));
  assertEquals(without, [], "a side that may not read passwords is no change");
  assertFalse(JSON.stringify(diffRoles("", BEFORE)).includes("SCRAM"));
});
