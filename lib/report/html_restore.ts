import type { Manifest } from "../catalog/mod.ts";
import { type Html, markup } from "./html_text.ts";
import { restoreNeeds, restoreSteps } from "./restore_hint.ts";

/** Commands that put the newest backup back, each with a button that copies it. */
export function restoreHtml(
  newest: { readonly path: string; readonly folder: string; readonly manifest: Manifest } | null,
  ownCommand: boolean,
): Html {
  if (newest === null) return markup`<p class="note">There is no backup that can be read without a key.</p>`;
  const steps = restoreSteps(newest.manifest, { folder: newest.folder, ownCommand });
  return markup`
    <p>The newest, <code>${newest.path}</code>. It needs ${
    restoreNeeds(
      newest.manifest,
    )
  }; <code>$TARGET_URL</code> is the database to restore into. Back up what is there first.</p>
    <dl class="steps">${
    steps.map(({ does, command }) =>
      markup`
        <div>
          <dt>${does}</dt>
          <dd>${copyable(command)}</dd>
        </div>
      `
    )
  }</dl>
  `;
}

/** A command with a button that copies it. */
export function copyable(command: string): Html {
  return markup`<code class="command">${command}</code><button type="button" class="copy" aria-label="Copy: ${command}">Copy</button>`;
}
