import { closeSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from './errors.ts';

/** Bytes that must be free on the disk: LMDB's lock file and the first commit. */
const MIN_FREE_BYTES = 64 << 10;
/** Files that LMDB opens at most at a time for one database. */
const DESCRIPTORS = 4;

/** Returns the bytes that the disk of `path` has left for this user; undefined if unknown. */
export function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize, blocks } = statfsSync(dirname(path));
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * Checks what LMDB needs to open `path`, since lmdb-js frees memory twice if LMDB cannot open a file: permissions of
 * the file and of its lock file, file descriptors and disk space. Creates missing files with `mode`. Throws the system's
 * error or `StoreError`. No store of this process may have the file open: closing the lock file would release its locks.
 */
export function checkPrerequisites(path: string, { readOnly, mode }: { readOnly: boolean; mode: number }): void {
  const lock = `${path}-lock`;
  if (!readOnly) {
    const free = freeBytes(path);
    if (free !== undefined && free < MIN_FREE_BYTES) throw diskFull(path, free);
  }
  const open: number[] = [];
  try {
    while (open.length < DESCRIPTORS) open.push(openSync(path, readOnly ? 'r' : 'a+', mode));
    if (statSync(lock, { throwIfNoEntry: false })?.isFile() === false) {
      throw new StoreError('permission-denied', lock, `${lock} is not a regular file`, {
        hint: 'Move it away. LMDB creates its lock file again.',
      });
    }
    open.push(openSync(lock, 'a+', mode));
  } catch (error) {
    // LMDB reads files on a read-only file system without a lock file.
    if (!(readOnly && (error as NodeJS.ErrnoException).code === 'EROFS')) throw error;
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/** Returns the error for a disk without space. */
export function diskFull(path: string, free: number | undefined, cause?: unknown): StoreError {
  const left = free === undefined ? '' : ` (${free} bytes free)`;
  return new StoreError('disk-full', path, `no space left on the disk of ${path}${left}`, {
    hint: 'Free disk space, then start again. The file has not changed.',
    cause,
  });
}

/** Returns an error of the system for `path` as `StoreError`; other errors as they are. */
export function fileError(error: unknown, path: string): unknown {
  const { code, path: named = path } = error as NodeJS.ErrnoException;
  if (error instanceof StoreError || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const cause = { cause: error };
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StoreError('permission-denied', path, `permission denied: ${named}`, {
        hint: `Check the owner and the permissions of ${named} and of its folder.`,
        ...cause,
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(path, freeBytes(path), error);
    case 'EMFILE':
    case 'ENFILE':
      return new StoreError('too-many-files', path, `cannot open ${named}: too many open files`, {
        hint: 'Raise the limit of open files (ulimit -n), or lower --max-connections.',
        ...cause,
      });
    default:
      return new StoreError('io-error', path, `cannot open ${named}: ${(error as Error).message}`, {
        hint: `Check ${named} and its disk.`,
        ...cause,
      });
  }
}
