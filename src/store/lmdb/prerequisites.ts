import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, linkSync, openSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';

/** Bytes of a lock file with LMDB's default of 126 readers. */
const LOCK_BYTES = 8272;
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
 * the file and of its lock file, and file descriptors. Creates missing files with `mode`. Throws the system's error or
 * `StoreError`. No store of this process may have the file open: closing the lock file would release its locks.
 */
export function checkPrerequisites(path: string, { readOnly, mode }: { readOnly: boolean; mode: number }): void {
  const lock = `${path}-lock`;
  const open: number[] = [];
  try {
    while (open.length < DESCRIPTORS) open.push(openSync(path, readOnly ? 'r' : 'a+', mode));
    if (statSync(lock, { throwIfNoEntry: false })?.isFile() === false) {
      throw new StoreError('permission-denied', lock, `${lock} is not a regular file`, {
        hint: 'Move it away. LMDB creates its lock file again.',
      });
    }
    if (!existsSync(lock)) createLock(lock, mode);
    open.push(openSync(lock, 'a+', mode));
  } catch (error) {
    // LMDB reads files on a read-only file system without a lock file.
    if (!(readOnly && (error as NodeJS.ErrnoException).code === 'EROFS')) throw error;
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

/**
 * Creates a lock file with disk space for all of it: LMDB would leave a hole in it, and a process that writes to the
 * hole on a full disk is killed (SIGBUS). The file is complete once it exists.
 */
function createLock(lock: string, mode: number): void {
  const draft = `${lock}.new-${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, new Uint8Array(LOCK_BYTES), { mode });
    linkSync(draft, lock);
  } catch (error) {
    // Another process has created it, or the file system does not support hard links.
    if (!['EEXIST', 'EPERM', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Returns why a file cannot grow, and what to do; undefined for other errors. `free`: bytes left on its disk. */
export function noSpace(error: unknown, free: number | undefined): { reason: string; hint: string } | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  const text = `${code} ${message}`;
  if (/EFBIG|file too large/i.test(text)) {
    return { reason: 'the limit of file sizes is reached', hint: 'Raise the limit (ulimit -f)' };
  }
  if (!/ENOSPC|EDQUOT|no space left|quota exceeded/i.test(text)) return undefined;
  const left = free === undefined ? '' : ` (${free} bytes free)`;
  return { reason: `no space left on the disk${left}`, hint: 'Free disk space' };
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
    case 'EFBIG': {
      const { reason, hint } = noSpace(error, freeBytes(path))!;
      return new StoreError('disk-full', path, `opening ${path} failed: ${reason}`, {
        hint: `${hint}, then start again. The file has not changed.`,
        ...cause,
      });
    }
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
