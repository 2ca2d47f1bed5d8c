import { isSocketFolder } from "./endpoint_kind.ts";
import type { PinnedTarget, Target } from "./target.ts";

/**
 * A target as text for people, logs and manifests: `postgres@db.abcd….supabase.co:5432/postgres`.
 * Never a password; of a Supabase project reference only the first four characters.
 */
export function maskedTarget(target: Target | PinnedTarget): string {
  return `${maskRef(target.user, target)}@${maskedHost(target)}/${target.database}`;
}

/** Host and port of a target for people; several hosts are separated by commas. */
export function maskedHost(target: Target | PinnedTarget): string {
  const places = "host" in target ? [target] : target.hosts;
  return places.map(({ host, port }) => {
    const name = maskRef(host, target);
    return `${!isSocketFolder(host) && host.includes(":") ? `[${name}]` : name}:${port}`;
  }).join(",");
}

function maskRef(text: string, { projectRef }: Target): string {
  return projectRef === undefined ? text : text.replaceAll(projectRef, `${projectRef.slice(0, 4)}…`);
}
