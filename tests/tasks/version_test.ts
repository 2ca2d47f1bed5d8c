import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { versionText } from "../../tasks/show_version.ts";
import { VERSION } from "../../tasks/version.ts";

Deno.test("VERSION is the one of deno.json", () => {
  assertEquals(VERSION, config.version);
});

Deno.test("versionText() names every client found", () => {
  const document = { version: 1, command: "version", pgstrata: "0.1.0", deno: "2.9.6" } as const;
  const clients = [{ version: "15.18", folder: "/a" }, { version: "17.6", folder: "/b" }];
  assertEquals(
    versionText({ ...document, clients }),
    "pgstrata 0.1.0\ndeno 2.9.6\npg_dump 15.18 (/a)\npg_dump 17.6 (/b)",
  );
  assertEquals(versionText({ ...document, clients: [] }), "pgstrata 0.1.0\ndeno 2.9.6\npg_dump not found");
});
