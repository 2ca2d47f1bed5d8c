import { assertEquals } from "@std/assert";
import { folderTree } from "../../lib/report/mod.ts";
import { fakeFile, fakeManifest, fakeTable } from "./fake_manifest.ts";

Deno.test("folderTree() shows folders with their sizes", () => {
  assertEquals(
    folderTree(fakeManifest({ tables: [fakeTable("auth", "users")] }).files, { name: "20260810_020004_prod" }),
    `20260810_020004_prod/                     1.3 MB
├── db_full.dump                          1.2 MB
├── extensions.tsv                          2 kB
├── roles.sql                               2 kB
├── schema.sql                              2 kB
├── version.txt                             2 kB
├── views_reloptions.tsv                    2 kB
└── auth/                                 105 kB
    ├── auth_schema_20260810_020004.dump   40 kB
    └── tables/                            65 kB
        └── users/                         65 kB
            ├── data.sql                   64 kB
            └── schema.sql                 900 B
`,
  );
});

Deno.test("folderTree() folds long lists, and not for the sake of one", () => {
  const files = (count: number) => Array.from({ length: count }, (_, index) => fakeFile(`t/${index}/x`, "table", 10));
  assertEquals(
    folderTree(files(4), { name: "b", most: 2 }),
    `b/                        40 B
└── t/                    40 B
    ├── 0/                10 B
    │   └── x             10 B
    ├── 1/                10 B
    │   └── x             10 B
    └── … 2 folders more  20 B
`,
  );
  assertEquals(folderTree(files(3), { name: "b", most: 2 }).includes("more"), false);
});

Deno.test("folderTree() of nothing is the folder", () => {
  assertEquals(folderTree([], { name: "a\nb" }), "a\\nb/  0 B\n");
});
