import { PierError } from '../../platform/errors.ts';
import { StoreError } from '../../store/errors.ts';

export type ChainErrorCode =
  | 'other-network' // the store holds the chain of another network
  | 'corrupt-database' // stored data does not mean what it should
  | 'busy' // too many blocks wait to be processed
  | 'closed' // the chain has been closed
  | 'genesis'; // what was asked cannot be done to the genesis block

export class ChainError extends PierError {
  declare readonly code: ChainErrorCode;

  constructor(code: ChainErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** Whether an error says that the store cannot be relied upon any more. */
export function isStoreFailure(error: unknown): boolean {
  return error instanceof StoreError || (error instanceof ChainError && error.code === 'corrupt-database');
}

/** Stored data that is missing or makes no sense. */
export function corrupt(what: string, cause?: unknown): ChainError {
  return new ChainError('corrupt-database', `the block database is corrupt: ${what}`, {
    hint: 'Rebuild the unspent outputs with `pier reindexutxo`, or remove the file and let the node download the chain again.',
    cause,
  });
}
