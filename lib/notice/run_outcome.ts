/** How a run ended: `incomplete` was sealed but lacks something (exit code 3). */
export type RunStatus = "complete" | "incomplete" | "failed";

/** What others are told of one environment's run. Holds no secrets: the teller masks messages before. */
export interface RunOutcome {
  /** What ran; `backup` at present. */
  readonly command: "backup";
  readonly environment: string;
  readonly label: string | null;
  readonly status: RunStatus;
  readonly exitCode: number;
  /** ISO times. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Milliseconds. */
  readonly duration: number;
  /** Null when there is no backup. */
  readonly backup: {
    readonly folder: string;
    /** Of all files. */
    readonly bytes: number;
    readonly rows: number;
    readonly tables: number;
    readonly schemas: number;
    readonly warnings: number;
  } | null;
  /** What failed, on one line; null when nothing did. */
  readonly error: string | null;
  /** Newest verification and drill that were good, of any backup of the environment; ISO, null if there is none. */
  readonly verifiedAt: string | null;
  readonly drilledAt: string | null;
  /** Version of pgstrata. */
  readonly version: string;
}
