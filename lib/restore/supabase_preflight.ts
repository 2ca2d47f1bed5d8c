import type { PreflightCheck } from "./plan.ts";
import type { RestoreWork } from "./restore_work.ts";

/**
 * What Supabase's own guide leaves to the person who moves a project, looked at: webhooks, publications, default
 * privileges, vault's root key, the way of the connection. Extensions, disk and passwords are looked at everywhere.
 */
export function supabasePreflight(work: RestoreWork): PreflightCheck[] {
  return [webhooks(work), publications(work), defaultPrivileges(work), vault(work), connection(work)];
}

function webhooks({ archive, facts }: RestoreWork): PreflightCheck {
  const had = archive.toc.entries.some(({ desc, tag }) => desc === "SCHEMA" && tag === "supabase_functions");
  const has = facts.schemas.has("supabase_functions");
  if (!had) return { check: "webhooks", state: "ok", text: "the backup has none" };
  return has ? { check: "webhooks", state: "ok", text: "enabled here, too" } : {
    check: "webhooks",
    state: "attention",
    text: "the backup has webhooks, and they are not enabled here: enable Database Webhooks in the dashboard first",
  };
}

function publications({ archive, list, facts }: RestoreWork): PreflightCheck {
  const names = archive.toc.entries.filter(({ desc }) => desc === "PUBLICATION").map(({ tag }) => tag ?? "");
  if (names.length === 0) return { check: "publications", state: "ok", text: "the backup has none" };
  const refused = new Set(
    list.leftOut.filter(({ kind, object }) => kind === "PUBLICATION" && !facts.publications.has(object))
      .map(({ object }) => object),
  );
  const texts = names.map((name) =>
    facts.publications.has(name)
      ? `${name} is here: its tables join it again`
      : refused.has(name)
      ? `${name} cannot be made by this role`
      : `${name} will be made`
  );
  return { check: "publications", state: refused.size > 0 ? "attention" : "ok", text: texts.join("; ") };
}

function defaultPrivileges({ facts }: RestoreWork): PreflightCheck {
  return {
    check: "default privileges",
    state: "ok",
    text: facts.ownDefaultPrivileges === 0
      ? "none of this role: nothing is added to what is restored"
      : "those of the project are set aside while objects are made, so that nobody gets more than in the backup",
  };
}

function vault({ source, selection }: RestoreWork): PreflightCheck {
  const secrets = source.manifest.tables.find(({ schema, name }) => schema === "vault" && name === "secrets")?.rows ??
    0;
  if (secrets === 0 || !selection.whole) {
    return { check: "vault root key", state: "ok", text: "no secrets are involved" };
  }
  return {
    check: "vault root key",
    state: "attention",
    text:
      `the backup holds ${secrets} secrets, encrypted with a key that is in no database backup: copy the old project's ` +
      "key while it exists (Management API, /v1/projects/{ref}/pgsodium) if columns are encrypted; secrets are made again",
  };
}

function connection({ target }: RestoreWork): PreflightCheck {
  if (target.kind === "supabase_session_pooler") {
    return {
      check: "connection",
      state: "ok",
      text: "session pooler: one server session from beginning to end; a long restore is safer over the direct address",
    };
  }
  return {
    check: "connection",
    state: "ok",
    text: target.kind === "supabase_direct" ? "direct" : "no pooler of Supabase's between",
  };
}
