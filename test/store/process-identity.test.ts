import { readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRunning, ownIdentity } from '../../src/store/lmdb/process-identity.ts';
import { replaceFs, restoreFs, systemError } from '../support/replace-fs.ts';

afterEach(() => {
  restoreFs();
  vi.restoreAllMocks();
});

describe.runIf(process.platform === 'linux')('A process', () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const scope = `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  const { pid } = process;
  const { started } = ownIdentity();
  const none = 2 ** 30;

  it('is told from another with its pid', () => {
    expect(ownIdentity()).toEqual({ pid, scope, started: expect.stringMatching(/^\d+$/) });
    const table: [Parameters<typeof isRunning>[0], boolean | 'unknown'][] = [
      [{ pid, started, scope }, true],
      [{ pid, started }, true],
      [{ pid, started: `${Number(started) + 1}`, scope }, false],
      // Its start is not known.
      [{ pid, scope }, 'unknown'],
      [{ pid: none, started, scope }, false],
      [{ pid: none }, false],
      // In another container, where its pid means another process.
      [{ pid, started, scope: `${boot} pid:[1]` }, 'unknown'],
      [{ pid: none, scope: `${boot} pid:[1]` }, 'unknown'],
      // Before the last start of the machine.
      [{ pid, started, scope: `another ${scope.split(' ')[1]}` }, false],
    ];
    for (const [identity, expected] of table) expect([identity, isRunning(identity)]).toEqual([identity, expected]);
  });

  it('of another user runs, and a zombie does not', () => {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw systemError('EPERM');
    });
    expect(isRunning({ pid, started, scope })).toBe(true);
    vi.spyOn(process, 'kill').mockReturnValue(true);
    const read = readFileSync;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    for (const [state, expected] of [
      ['R', true],
      ['S', true],
      ['Z', false],
      ['X', false],
    ] as const) {
      replaceFs({
        readFileSync: (path: string, encoding: 'latin1') =>
          path === `/proc/${pid}/stat`
            ? stat.replace(/^(\d+) \(.*\) . /, `$1 (a ) Z ) ${state} `)
            : read(path, encoding),
      });
      expect([state, isRunning({ pid, started, scope })]).toEqual([state, expected]);
    }
    // Where /proc cannot be read.
    replaceFs({
      readFileSync: () => {
        throw systemError('EACCES');
      },
    });
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw systemError('ESRCH');
    });
    expect(isRunning({ pid, started, scope })).toBe(false);
  });
});
