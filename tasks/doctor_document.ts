import type { Check, Examination } from "../lib/doctor/mod.ts";

/** What `doctor --json` prints; `version` grows when a reader of the old form would misread it. */
export interface DoctorDocument {
  readonly version: 1;
  readonly command: "doctor";
  /** Whether there is no problem. */
  readonly ok: boolean;
  readonly problems: number;
  readonly warnings: number;
  /** Of this machine, its configuration and the shelf. */
  readonly general: readonly Check[];
  readonly environments: readonly Examination[];
}

/** The findings as the document. */
export function doctorDocument(general: readonly Check[], environments: readonly Examination[]): DoctorDocument {
  const all = [...general, ...environments.flatMap(({ checks }) => checks)];
  const count = (state: Check["state"]) => all.filter((check) => check.state === state).length;
  return {
    version: 1,
    command: "doctor",
    ok: count("problem") === 0,
    problems: count("problem"),
    warnings: count("warning"),
    general,
    environments,
  };
}
