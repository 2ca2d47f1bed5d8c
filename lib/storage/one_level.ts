import type { StoredObject } from "./store.ts";

/** What stands directly in a folder, from all that stands below it. */
export function oneLevel(
  objects: readonly StoredObject[],
  folder: string,
): { readonly folders: readonly string[]; readonly objects: readonly StoredObject[] } {
  const start = folder === "" ? 0 : folder.length + 1;
  const folders = new Set<string>();
  const here: StoredObject[] = [];
  for (const object of objects) {
    const slash = object.key.indexOf("/", start);
    if (slash === -1) here.push(object);
    else folders.add(object.key.slice(0, slash));
  }
  return { folders: [...folders].sort(), objects: here };
}
