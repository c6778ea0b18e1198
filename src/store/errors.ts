import { PierError } from '../platform/errors.ts';

/** The kind of a `StoreError`. */
export type StoreErrorCode =
  | 'missing-database' // no such file, and `create` is false
  | 'not-a-database' // not a database of Pier
  | 'truncated-database' // the file is shorter than its content
  | 'damaged-database' // bytes of the file have changed on the disk
  | 'permission-denied' // the file system denies access
  | 'database-in-use' // a process, maybe this one, has the file open for writing
  | 'other-network' // belongs to another Bitcoin network
  | 'other-kind' // another kind of database, such as a wallet instead of a blockchain
  | 'newer-format' // written by a newer release
  | 'disk-full' // no space to open the file
  | 'too-many-files' // the process or the system has no file descriptors left
  | 'io-error' // the system cannot read or create the file
  | 'write-failed'; // the disk is full or failing; the store accepts no more writes

/** Thrown when a database cannot be opened or written. A failed open does not change the file. */
export class StoreError extends PierError {
  declare readonly code: StoreErrorCode;
  /** The database file. */
  readonly path: string;

  constructor(code: StoreErrorCode, path: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
    this.path = path;
  }
}
