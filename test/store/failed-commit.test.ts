import { afterEach, describe, expect, it, vi } from 'vitest';
import { commitCause, silenceFailedCommit } from '../../src/store/lmdb/failed-commit.ts';
import { noSpace } from '../../src/store/lmdb/prerequisites.ts';
import { systemError } from '../support/replace-fs.ts';

afterEach(() => vi.restoreAllMocks());

describe("LMDB's report of a failed commit", () => {
  it('is kept from the terminal while a commit runs, and no other', () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => {});
    const ofLmdb = Object.assign(new Error('commit'), {
      stack: 'Error: commit\n    at /x/node_modules/lmdb/write.js:1',
    });
    const end = silenceFailedCommit();
    const others = [[ofLmdb, 'more'], [new Error('other')], ['text lmdb/'], []];
    console.error(ofLmdb);
    for (const values of others) console.error(...values);
    end();
    expect(print.mock.calls).toEqual(others);
    console.error(ofLmdb);
    expect(print).toHaveBeenCalledTimes(others.length + 1);
  });

  it('does not undo what another has set meanwhile', () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const end = silenceFailedCommit();
    const other = vi.fn();
    console.error = other;
    end();
    expect(console.error).toBe(other);
  });

  it('is waited for for a second', async () => {
    const cause = new Error('the disk');
    const promised = (commitError: Promise<never>) => Object.assign(new Error('commit'), { commitError });
    expect(await commitCause(cause)).toBe(cause);
    expect(await commitCause(undefined)).toBe(undefined);
    const set = vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => 7 as never);
    const clear = vi.spyOn(globalThis, 'clearTimeout').mockImplementation(() => {});
    expect(await commitCause(promised(Promise.reject(cause)))).toBe(cause);
    expect(clear.mock.calls).toEqual([[7]]);
    const silent = promised(new Promise(() => {}));
    const result = commitCause(silent);
    const [end, ms] = set.mock.calls.at(-1)!;
    expect(ms).toBe(1_000);
    end();
    expect(await result).toBe(silent);
  });
});

it('What keeps a file from growing is told from other errors', () => {
  expect(noSpace(systemError('ENOSPC'), 5)).toEqual({
    reason: 'no space left on the disk (5 bytes free)',
    hint: 'Free disk space',
  });
  for (const error of [systemError('EDQUOT'), new Error('No space left on device'), new Error('Disk quota exceeded')]) {
    expect(noSpace(error, undefined)!.reason).toBe('no space left on the disk');
  }
  for (const error of [systemError('EFBIG'), new Error('File too large')]) {
    expect(noSpace(error, 5)).toMatchObject({ reason: 'the limit of file sizes is reached' });
  }
  expect(noSpace(systemError('EIO'), 0)).toBeUndefined();
});
