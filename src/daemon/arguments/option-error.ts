import { PierError } from '../../platform/errors.ts';

/** An invalid command line or configuration file. The message is Bitcoin Core's. */
export class OptionError extends PierError {
  constructor(message: string) {
    super('bad-option', message);
  }
}
