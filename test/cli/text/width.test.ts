import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, padStart, truncate, wrap } from '../../../src/cli/text/width.ts';

describe('the width of a line', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['区块', 4],
    ['区块 5，哈希', 12],
    ['（ＵＴＸＯ）', 12],
    ['한글', 4],
    ['😀', 2],
    ['𠀀', 2],
    ['é — …', 5],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['\u001b[1m区块\u001b[22m', 4],
    ['█░├└', 4],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

it('texts are padded to columns', () => {
  expect(padEnd('区块', 6)).toBe('区块  ');
  expect(padStart('区块', 6)).toBe('  区块');
  expect(padEnd('区块', 3)).toBe('区块');
});

it('texts are cut to columns, between characters', () => {
  expect(truncate('区块头', 4)).toBe('区块');
  expect(truncate('区块头', 5)).toBe('区块');
  expect(truncate('a😀b', 2)).toBe('a');
  expect(truncate('abc', 5)).toBe('abc');
});

describe('wrapped text', () => {
  it('breaks between wide characters, and keeps words whole', () => {
    expect(wrap('用 pier status 查看网络', 8)).toBe('用 pier\nstatus\n查看网络');
    expect(wrap('区块链', 4)).toBe('区块\n链');
  });

  it('begins no line with a closing mark and ends none with an opening one', () => {
    expect(wrap('区块，链', 4)).toBe('区\n块，\n链');
    expect(wrap('区块（链）', 6)).toBe('区块\n（链）');
  });

  it('keeps lines, and words that are too long', () => {
    expect(wrap('区块\n头', 20)).toBe('区块\n头');
    expect(wrap('a abcdefgh b', 4)).toBe('a\nabcdefgh\nb');
  });
});
