import { PierError } from '../platform/errors.ts';

export type StoreErrorCode =
  | 'missing-database' // no file there, and none was to be created
  | 'not-a-database' // the file is none of Pier's
  | 'truncated-database' // the file ends before its pages do
  | 'permission-denied' // the file system does not let us
  | 'database-in-use' // another process, or this one, has it open for writing
  | 'other-network' // it belongs to another Bitcoin network
  | 'other-kind' // a wallet where a blockchain was wanted, or the other way round
  | 'newer-format' // written by a later release
  | 'write-failed'; // the disk is full or broken; the store takes no more writes

/** A database that cannot be opened or written. An open that fails has not changed the file. */
export class StoreError extends PierError {
  declare readonly code: StoreErrorCode;
  /** The database's file. */
  readonly path: string;

  constructor(code: StoreErrorCode, path: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
    this.path = path;
  }
}
