import { dirname, fromFileUrl, join, normalize, relative } from "@std/path";
import { importProblem, type Place, placeOf } from "./rooms.ts";

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** Node modules that read files, start programs, or know the process: not for the pure room. */
const MACHINE_MODULES = /^(node:)?(fs|fs\/promises|child_process|process|os|net|http|https|worker_threads)$/;

/** What a library leaves to the task that calls it. */
const FACE_OF_DENO: Readonly<Record<string, string>> = {
  exit: "A library throws; the task exits",
  exitCode: "A library throws; the task exits",
  args: "A library takes options; the task parses arguments",
};

/** Globals that talk to the person at the terminal. */
const FACE_GLOBALS: ReadonlySet<string> = new Set(["console", "prompt", "alert", "confirm"]);

/**
 * The architecture as lint rules: who imports whom, the pure room, and what only tasks may do.
 * A Deno lint plugin has to be a default export.
 */
const plugin: Deno.lint.Plugin = {
  name: "pgstrata",
  rules: {
    /** Rooms import only what the table allows, and only through `mod.ts`. */
    "room-imports": {
      create(context): Deno.lint.LintVisitor {
        const from = projectPath(context.filename);
        return importVisitor((node, specifier) => {
          const to = targetPath(from, specifier);
          const message = to === null ? null : importProblem(from, to);
          if (message !== null) {
            context.report({ node, message, hint: "The table is scripts/rooms.ts; ARCHITECTURE explains it." });
          }
        });
      },
    },
    /** A door only re-exports. */
    "door-reexports": {
      create(context): Deno.lint.LintVisitor {
        const path = projectPath(context.filename);
        const place = placeOf(path);
        const isDoor = path === "mod.ts" || (place.area === "lib" && place.file === "mod.ts");
        if (!isDoor) return {};
        return {
          Program(program): void {
            for (const node of program.body) {
              if (node.type === "ExportAllDeclaration") continue;
              if (node.type === "ExportNamedDeclaration" && node.source !== null) continue;
              context.report({ node, message: "A mod.ts only re-exports: put this into a file of the room" });
            }
          },
        };
      },
    },
    /** `lib/archive` works on bytes handed to it. */
    "pure-archive": {
      create(context): Deno.lint.LintVisitor {
        if (!inRoom(context.filename, "archive")) return {};
        return {
          ...importVisitor((node, specifier) => {
            if (MACHINE_MODULES.test(specifier)) {
              context.report({ node, message: `lib/archive is pure: it may not import ${specifier}` });
            }
          }),
          Identifier(node): void {
            if (node.name === "Deno" && !isPropertyName(node)) {
              context.report({ node, message: "lib/archive is pure: it may not use Deno" });
            }
          },
        };
      },
    },
    /** Libraries do not print, ask, exit or read arguments. */
    "no-face-in-lib": {
      create(context): Deno.lint.LintVisitor {
        if (placeOf(projectPath(context.filename)).area !== "lib") return {};
        return {
          Identifier(node): void {
            if (!FACE_GLOBALS.has(node.name) || !isGlobalUse(node)) return;
            context.report({ node, message: `lib/ may not use ${node.name}: a library hands over, the task prints` });
          },
          MemberExpression(node): void {
            const name = denoMember(node);
            const reason = name === null ? undefined : FACE_OF_DENO[name];
            if (reason !== undefined) context.report({ node, message: `lib/ may not use Deno.${name}: ${reason}` });
          },
          VariableDeclarator(node): void {
            for (const name of denoDestructured(node)) {
              const reason = FACE_OF_DENO[name];
              if (reason !== undefined) context.report({ node, message: `lib/ may not use Deno.${name}: ${reason}` });
            }
          },
        };
      },
    },
    /** The environment comes in as a value; only `lib/system` and tasks read it. */
    "env-from-outside": {
      create(context): Deno.lint.LintVisitor {
        const place: Place = placeOf(projectPath(context.filename));
        if (place.area !== "lib" || place.room === "system") return {};
        const message = "Only lib/system and tasks read the environment: take it as a value";
        return {
          ...importVisitor((node, specifier) => {
            if (/^(node:)?process$/.test(specifier)) context.report({ node, message });
          }),
          MemberExpression(node): void {
            if (denoMember(node) === "env") context.report({ node, message });
          },
          VariableDeclarator(node): void {
            if (denoDestructured(node).includes("env")) context.report({ node, message });
          },
        };
      },
    },
  },
};

export default plugin;

/** Calls back for each module a file names: import, export from, import(), import types, `new URL(…, import.meta.url)`. */
function importVisitor(onImport: (node: Deno.lint.Node, specifier: string) => void): Deno.lint.LintVisitor {
  const literal = (node: Deno.lint.Node, source: unknown) => {
    const value = (source as { value?: unknown } | null)?.value;
    if (typeof value === "string") onImport(node, value);
  };
  return {
    ImportDeclaration: (node): void => literal(node, node.source),
    ExportAllDeclaration: (node): void => literal(node, node.source),
    ExportNamedDeclaration: (node): void => literal(node, node.source),
    ImportExpression: (node): void => literal(node, node.source),
    TSImportType(node): void {
      const argument = node.argument as unknown as { literal?: unknown };
      literal(node, argument.literal ?? argument);
    },
    NewExpression(node): void {
      const isUrl = node.callee.type === "Identifier" && node.callee.name === "URL";
      const [first, second] = node.arguments;
      // A worker's file is named this way. Paths of other files are not imports.
      const value = (first as { value?: unknown } | undefined)?.value;
      if (isUrl && second !== undefined && typeof value === "string" && value.endsWith(".ts")) onImport(node, value);
    },
  };
}

/** A file's path relative to the project's folder, `/` between parts. */
function projectPath(filename: string): string {
  const path = filename.startsWith("file:") ? fromFileUrl(filename) : filename;
  return (path.startsWith(ROOT) ? relative(ROOT, path) : path).replaceAll("\\", "/");
}

/** The path a specifier leads to, or null for a package. Our own package name is a way round the doors. */
function targetPath(from: string, specifier: string): string | null {
  if (specifier.startsWith("@pgstrata/")) return "mod.ts";
  if (specifier.startsWith("file:")) return projectPath(specifier);
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) return null;
  return normalize(join(dirname(from), specifier)).replaceAll("\\", "/");
}

function inRoom(filename: string, room: string): boolean {
  const place = placeOf(projectPath(filename));
  return place.area === "lib" && place.room === room;
}

/** `Deno.name` or `Deno["name"]`, also behind `globalThis`; null for anything else. */
function denoMember(node: Deno.lint.MemberExpression): string | null {
  if (!isDeno(node.object)) return null;
  const property = node.property as { name?: unknown; value?: unknown };
  const name = node.computed ? property.value : property.name;
  return typeof name === "string" ? name : null;
}

/** Names taken out of `Deno` by `const { name } = Deno`. */
function denoDestructured(node: Deno.lint.VariableDeclarator): string[] {
  if (node.init === null || node.init === undefined || !isDeno(node.init) || node.id.type !== "ObjectPattern") {
    return [];
  }
  return node.id.properties.flatMap((property) =>
    property.type === "Property" && property.key.type === "Identifier" ? [property.key.name] : []
  );
}

function isDeno(node: Deno.lint.Node): boolean {
  if (node.type === "Identifier") return node.name === "Deno";
  return node.type === "MemberExpression" && node.object.type === "Identifier" && node.object.name === "globalThis" &&
    node.property.type === "Identifier" && node.property.name === "Deno";
}

/** Whether an identifier is only a name in another thing (`x.Deno`, `{ Deno: 1 }`), not the global. */
function isPropertyName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  if (parent.type === "MemberExpression") {
    const behindGlobal = parent.object.type === "Identifier" && parent.object.name === "globalThis";
    return parent.property === node && !parent.computed && !behindGlobal;
  }
  if (parent.type === "TSPropertySignature") return parent.key === node;
  return parent.type === "Property" && parent.key === node && !parent.computed && !parent.shorthand;
}

/** Whether `console`, `prompt` … is used as the global: called, read from, or handed on; not declared or a name. */
function isGlobalUse(node: Deno.lint.Identifier): boolean {
  if (isPropertyName(node)) return false;
  const parent = node.parent;
  if (parent.type === "MemberExpression") {
    return parent.object === node || parent.property === node;
  }
  return parent.type === "CallExpression" && parent.callee === node;
}
