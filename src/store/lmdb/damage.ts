import { StoreError } from '../errors.ts';
import type { StoreKind } from './lmdb-options.ts';

/** A database file and what it holds. */
export interface DatabaseFile {
  readonly path: string;
  readonly kind: StoreKind;
}

const remedies: Record<StoreKind, string> = {
  blockchain:
    'Restore the file from a backup, or move it away: the node then downloads the chain again from its peers.',
  'header chain': 'Move the file away: the light node then downloads its headers again.',
  wallet:
    'Restore the file from a backup, or move it away and restore each wallet from its words with `pier createwallet --restore`.',
};

/** Returns the error for a file that is shorter than its content. */
export function truncated({ path, kind }: DatabaseFile): StoreError {
  return new StoreError('truncated-database', path, `${path} is truncated`, { hint: remedies[kind] });
}

/** Returns the error for records that do not match their checksums. */
export function damagedRecords(file: DatabaseFile, what: string): StoreError {
  const { path, kind } = file;
  if (kind !== 'blockchain') return damaged(file, what);
  return new StoreError('damaged-database', path, `${path} is damaged: ${what}`, {
    hint: `Rebuild all but headers and blocks with \`pier reindexutxo\`. If that fails: ${remedies.blockchain}`,
  });
}

/** Returns the error for a file whose bytes have changed on the disk; `what` names the fault. */
export function damaged({ path, kind }: DatabaseFile, what: string, options: { cause?: unknown } = {}): StoreError {
  return new StoreError('damaged-database', path, `${path} is damaged: ${what}`, { hint: remedies[kind], ...options });
}
