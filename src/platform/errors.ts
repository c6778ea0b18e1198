/**
 * The root of every error that Pier throws on purpose. `code` is for programs, `message` for people,
 * `hint` names the next step a person can take. Anything else that is thrown is a defect.
 */
export class PierError extends Error {
  /** Stable, kebab-case identifier of what went wrong. */
  readonly code: string;
  /** What to do next, as one sentence, where there is something to do. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}
