import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { PierError } from '../../../platform/errors.ts';
import { loadState, type NetworkState, type StateFiles } from './network-state.ts';

/** The files of this machine. */
export const stateFiles: StateFiles = { write: writeState, read: readFile };

/** Reads the state in a file. Throws `PierError` 'bad-state' if the file is not one, or is damaged. */
export function readState(path: string): Promise<NetworkState> {
  return loadState(path, stateFiles);
}

/** Checks that a state can be written to a path. Throws `PierError` 'state-not-saved'. */
export async function checkStatePath(path: string): Promise<void> {
  const draft = draftOf(path);
  try {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) throw new Error('it is a folder');
    await writeFile(draft, '');
    await rm(draft);
  } catch (cause) {
    throw new PierError('state-not-saved', `${path} cannot be written: ${(cause as Error).message}`, {
      hint: 'Create its folder, check the permissions, or name another file.',
      cause,
    });
  }
}

/** Returns the path of the file that replaces the one at `path`. */
function draftOf(path: string): string {
  return `${path}.new-${randomBytes(6).toString('hex')}`;
}

async function writeState(path: string, bytes: Uint8Array): Promise<void> {
  const draft = draftOf(path);
  try {
    // It holds wallets.
    await writeFile(draft, bytes, { mode: 0o600, flush: true });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw new PierError('state-not-saved', `writing ${path} failed: ${(cause as Error).message}`, {
      hint: 'Check the free space and the permissions of its folder. The file is as it was.',
      cause,
    });
  }
}
