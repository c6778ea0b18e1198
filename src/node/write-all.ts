import { fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Returns whether writing to a file descriptor never waits for a reader: a file, or a device such as /dev/null. */
export function isFileLike(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFile() || (stats.isCharacterDevice() && !isatty(fd));
}

/**
 * Writes bytes to a file, in several writes if need be. Returns how many were written, and the error that kept the rest
 * from being written.
 */
export function writeAll(fd: number, bytes: Uint8Array): { readonly written: number; readonly error?: unknown } {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    return { written };
  } catch (error) {
    return { written, error };
  }
}
