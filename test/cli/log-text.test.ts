import { describe, expect, it } from 'vitest';
import { formatLogLine } from '../../src/cli/control/log-text.ts';

const time = new Date(2026, 11, 1, 9, 5, 7, 8).getTime();
const line = { node: 'node1', line: 1, time, level: 'info', category: 'chain', message: 'connected block' } as const;

describe('a log line as text', () => {
  it('has local time, level, node, category, message and fields', () => {
    const fields = { height: 123, block: 'ab', from: 'peer 0', list: [1, 'a'], none: null, address: '127.0.0.1:3000' };
    expect(formatLogLine({ ...line, fields }, 7)).toBe(
      '09:05:07.008 info  node1   chain: connected block height=123 block=ab from="peer 0" list=[1,"a"] none=null address=127.0.0.1:3000',
    );
    expect(formatLogLine({ ...line, level: 'error', category: '', message: 'text', fields: {} }, 5)).toBe(
      '09:05:07.008 error node1 text',
    );
  });

  it('shows of an error its message', () => {
    const err = { type: 'Error', message: 'disk full', stack: 'Error: disk full\n    at x' };
    expect(formatLogLine({ ...line, fields: { err, other: { stack: 1 } } }, 5)).toMatch(
      / err="disk full" other=\{"stack":1\}$/,
    );
  });

  it('is one line without effect on the terminal, whatever a peer has sent', () => {
    const text = formatLogLine(
      { ...line, message: 'a\nb\u001b[2J', fields: { userAgent: '\u001b]0;x\u0007\u009b1m\u202e\u2028', '\n': 1 } },
      5,
    );
    expect(text).toContain('a\\u000ab\\u001b[2J');
    expect(text).toContain('\\u009b1m\\u202e\\u2028');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e\u2028]/);
  });
});
