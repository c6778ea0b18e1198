import { PierError } from '../platform/errors.ts';

/** A command, an option or a file of options that was used wrongly; the CLI exits with 2. */
export class UsageError extends PierError {}
