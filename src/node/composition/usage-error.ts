import { PierError } from '../../platform/errors.ts';

/** Thrown for wrong usage: an invalid command, option or network file. The CLI exits with code 2. */
export class UsageError extends PierError {}
