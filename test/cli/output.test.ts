import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bold, dim, note, print, printResult, reportError } from '../../src/cli/output.ts';
import { UsageError } from '../../src/node/config.ts';
import { PierError } from '../../src/platform/errors.ts';

let stdout = '';
let stderr = '';

beforeEach(() => {
  stdout = '';
  stderr = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('results and messages', () => {
  it('are printed to stdout and stderr', () => {
    print('data');
    note('message');
    expect([stdout, stderr]).toEqual(['data\n', 'message\n']);
  });

  it('are JSON if that is requested, otherwise text', () => {
    const result = { height: 5 };
    printResult(true, result, () => 'text');
    printResult(false, result, ({ height }) => `height ${height}`);
    printResult(undefined, result, () => 'text');
    expect([stdout, stderr]).toEqual(['{\n  "height": 5\n}\nheight 5\ntext\n', '']);
  });

  it('are bold or dim on a terminal only, and never with NO_COLOR', () => {
    const stream = (isTTY: boolean) => ({ isTTY }) as NodeJS.WriteStream;
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('FORCE_COLOR', undefined);
    expect([bold('a', stream(true)), dim('a', stream(true))]).toEqual(['\u001b[1ma\u001b[22m', '\u001b[2ma\u001b[22m']);
    expect([bold('a', stream(false)), dim('a', stream(false))]).toEqual(['a', 'a']);
    vi.stubEnv('FORCE_COLOR', '0');
    expect(bold('a', stream(true))).toBe('a');
    vi.stubEnv('FORCE_COLOR', '1');
    expect(bold('a', stream(false))).toBe('\u001b[1ma\u001b[22m');
    vi.stubEnv('NO_COLOR', '1');
    expect([bold('a', stream(true)), dim('a', stream(true))]).toEqual(['a', 'a']);
  });
});

describe('an error', () => {
  const hinted = new PierError('no-peer', 'no peer', { hint: 'Start one.' });
  const plain = new PierError('no-peer', 'no peer');

  it('of a wrong call has the exit code 2, any other 1', () => {
    expect(reportError(new UsageError('bad-option', 'wrong option'), false)).toBe(2);
    expect(reportError(new UsageError('bad-option', 'wrong option'), true)).toBe(2);
    expect([hinted, new Error('defect'), 'text'].map((error) => reportError(error, false))).toEqual([1, 1, 1]);
  });

  it('is printed with its hint', () => {
    reportError(hinted, false);
    reportError(plain, false);
    expect([stdout, stderr]).toEqual(['', 'pier: no peer\n      Start one.\npier: no peer\n']);
  });

  it('is printed with its stack if it is not expected', () => {
    const defect = new Error('defect');
    reportError(defect, false);
    reportError('text', false);
    expect(stderr).toBe(`pier: defect\n${defect.stack}\npier: text\n`);
  });

  it('is one line of JSON if that is requested', () => {
    for (const error of [hinted, plain, new Error('defect'), 'text']) reportError(error, true);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { error: { code: 'no-peer', message: 'no peer', hint: 'Start one.' } },
      { error: { code: 'no-peer', message: 'no peer' } },
      { error: { code: 'internal-error', message: 'defect' } },
      { error: { code: 'internal-error', message: 'text' } },
    ]);
  });
});
