/**
 * The base class of all errors that Pier throws deliberately. Programs branch on `code`, users read `message` and
 * `hint`. Any other thrown error is a bug.
 */
export class PierError extends Error {
  /** A stable identifier of the failure, in kebab case. */
  readonly code: string;
  /** The next step for the user, in one sentence, if there is one. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}
