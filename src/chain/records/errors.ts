import { PierError } from '../../platform/errors.ts';
import { StoreError } from '../../store/errors.ts';

/** The code of a `ChainError`. */
export type ChainErrorCode =
  | 'other-network' // the store belongs to another network
  | 'corrupt-database' // stored data is missing or invalid
  | 'busy' // too many blocks or transactions are queued
  | 'closed' // the chain is closed
  | 'genesis'; // the operation is not possible for the genesis block

/** Thrown when the chain cannot do what was requested; see the code. */
export class ChainError extends PierError {
  declare readonly code: ChainErrorCode;

  constructor(code: ChainErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** Returns whether an error means that the store is unusable. */
export function isStoreFailure(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof ChainError && error.code === 'corrupt-database');
}

/** Returns the error for stored data that is missing or invalid. */
export function corrupt(what: string, cause?: unknown): ChainError {
  return new ChainError('corrupt-database', `the block database is corrupt: ${what}`, {
    hint: 'Rebuild the UTXO set with `pier reindexutxo`, or delete the file to download the chain again.',
    cause,
  });
}
