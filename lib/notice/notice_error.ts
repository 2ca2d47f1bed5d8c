import { messageOf, PgstrataError } from "../base/mod.ts";

/** A notice that could not be given. Never a reason for the run itself to fail. */
export class NoticeError extends PgstrataError {
  constructor(
    message: string,
    /** Whether trying again can help. */
    readonly transient: boolean,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? {} : { cause });
  }
}

/** Why somebody was not told, on one line, without addresses. */
export function noticeFailure(thrown: unknown): string {
  return thrown instanceof NoticeError ? thrown.message : `Cannot give a notice: ${messageOf(thrown)}`;
}
