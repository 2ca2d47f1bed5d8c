import type { TocEntry } from "../archive/mod.ts";

/** An entry of an archive, as reports name it: `INDEX public.orders_at`, `COMMENT ON TABLE public.orders`. */
export function entryName(entry: TocEntry, tag: string = entry.tag ?? ""): string {
  const qualified = (name: string) => entry.namespace ? `${entry.namespace}.${name}` : name;
  if (entry.desc === "COMMENT" || entry.desc === "ACL" || entry.desc === "SECURITY LABEL") {
    // The tag has the kind in capitals before the name, which may hold anything.
    const match = /^([A-Z]+(?: [A-Z]+)*) (.*)$/s.exec(tag);
    return match === null
      ? `${entry.desc} ON ${qualified(tag)}`
      : `${entry.desc} ON ${match[1]} ${qualified(match[2] ?? "")}`;
  }
  return `${entry.desc} ${qualified(tag)}`;
}
