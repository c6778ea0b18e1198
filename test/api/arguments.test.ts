import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Argument,
  amountArgument,
  arrayArgument,
  booleanArgument,
  checkArguments,
  hashArgument,
  hexArgument,
  integerArgument,
  objectArgument,
  optional,
  textArgument,
  verbosityArgument,
} from '../../src/api/arguments/arguments.ts';
import { placeArguments } from '../../src/api/arguments/named-arguments.ts';
import { JsonNumber } from '../../src/api/json/json.ts';
import { parseJsonNow } from '../../src/api/json/parse.ts';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { noPause } from '../../src/api/json/step.ts';
import { formatAmount, MAX_MONEY } from '../../src/primitives/amount.ts';

/** Returns the error code and message for an invalid value. */
async function rejection(argument: Argument<unknown>, value: unknown): Promise<[code: number, message: string]> {
  try {
    await checkArguments([argument], [value], noPause);
  } catch (error) {
    if (error instanceof RpcError) return [error.rpcCode, error.message];
    throw error;
  }
  throw new Error('was not rejected');
}

const accept = async (argument: Argument<unknown>, value: unknown) =>
  (await checkArguments([argument], [value], noPause))[0];

describe('checkArguments', () => {
  // The messages are those of bitcoind 29.
  it('reports every argument of a wrong type, by position', async () => {
    const list = [
      hashArgument('blockhash', ''),
      optional(integerArgument('n|old', ''), 1),
      booleanArgument('flag', ''),
    ];
    await expect(checkArguments(list, [5, 'a', 'b'], noPause)).rejects.toMatchObject({
      rpcCode: -3,
      message: [
        'Wrong type passed:',
        '{',
        '    "Position 1 (blockhash)": "JSON value of type number is not of expected type string",',
        '    "Position 2 (n)": "JSON value of type string is not of expected type number",',
        '    "Position 3 (flag)": "JSON value of type string is not of expected type bool"',
        '}',
      ].join('\n'),
    });
  });

  it('accepts null or absence for optional arguments only', async () => {
    const list = [optional(integerArgument('a', ''), 7), optional(textArgument('b', ''))];
    expect(await checkArguments(list, [], noPause)).toEqual([7, undefined]);
    expect(await checkArguments(list, [null, null], noPause)).toEqual([7, undefined]);
    expect(await rejection(integerArgument('height', ''), null)).toEqual([
      -3,
      'Wrong type passed:\n{\n    "Position 1 (height)": "JSON value of type null is not of expected type number"\n}',
    ]);
  });

  it('decodes hashes from display order', async () => {
    const hash = (await accept(hashArgument('txid', ''), `${'00'.repeat(31)}01`)) as Uint8Array;
    expect([...hash.slice(0, 2)]).toEqual([1, 0]);
    expect(await rejection(hashArgument('blockhash', ''), 'zz')).toEqual([
      -8,
      "blockhash must be of length 64 (not 2, for 'zz')",
    ]);
    const text = 'g'.repeat(64);
    expect(await rejection(hashArgument('txid', ''), text)).toEqual([
      -8,
      `txid must be hexadecimal string (not '${text}')`,
    ]);
  });

  it('accepts 32-bit integers', async () => {
    expect(await accept(integerArgument('n', ''), -(2 ** 31))).toBe(-(2 ** 31));
    for (const value of [1.5, 2 ** 31, 5_000_000_000]) {
      expect(await rejection(integerArgument('n', ''), value)).toEqual([-1, 'JSON integer out of range']);
    }
  });

  it('accepts verbosity as a number or a boolean', async () => {
    const verbosity = verbosityArgument('verbosity', '');
    expect(await Promise.all([0, 2, true, false].map((value) => accept(verbosity, value)))).toEqual([0, 2, 1, 0]);
    expect(await rejection(verbosity, 'a')).toEqual([-3, 'JSON value of type string is not of expected type number']);
  });

  it('decodes hex', async () => {
    expect(await accept(hexArgument('hexstring', ''), '00fF')).toEqual(Uint8Array.of(0, 255));
    expect(await rejection(hexArgument('argument', ''), '0')).toEqual([
      -8,
      "argument must be hexadecimal string (not '0')",
    ]);
  });

  it('reports a wrong type inside an array or object', async () => {
    const list = arrayArgument('txs', z.string(), '', '[...]');
    expect(await rejection(list, [1])).toEqual([-3, 'JSON value of type number is not of expected type string']);
    const object = objectArgument('options', z.strictObject({ txid: z.string() }), '', '{...}');
    expect(await rejection(object, {})).toEqual([-3, 'JSON value of type null is not of expected type string']);
    expect(await rejection(object, { txid: '', other: 1 })).toEqual([-3, 'Unexpected key other']);
  });
});

describe('amountArgument', () => {
  const amount = amountArgument('amount', '');

  it('decodes numbers and strings of bitcoins to satoshis', async () => {
    const cases: [unknown, bigint][] = [
      [0, 0n],
      [1, 100_000_000n],
      [0.1, 10_000_000n],
      [1e-8, 1n],
      [0.29999999, 29_999_999n],
      [20999999.9769, 2_099_999_997_690_000n],
      ['0.00000001', 1n],
      ['1e-8', 1n],
      ['0.1E+1', 100_000_000n],
      ['-0', 0n],
      ['0.000000000', 0n],
      ['1.000000000', 100_000_000n],
      [new JsonNumber('20999999.99999999'), MAX_MONEY - 1n],
      ['21000000', MAX_MONEY],
    ];
    for (const [value, satoshis] of cases) expect(await accept(amount, value)).toBe(satoshis);
  });

  it('decodes every amount that formatAmount prints', async () => {
    await fc.assert(
      fc.asyncProperty(fc.bigInt(0n, MAX_MONEY), async (satoshis) => {
        const text = formatAmount(satoshis);
        expect(await accept(amount, text)).toBe(satoshis);
        expect(await accept(amount, parseJsonNow(text))).toBe(satoshis);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('rejects invalid amounts', async () => {
    for (const value of [
      ...[1e-9, 0.123456789, 0.1 + 0.2, 1e300, new JsonNumber('0.10000000000000000001'), new JsonNumber('1e400')],
      ...['0.123456789', '1e-9', '', 'a', ' 1', '0x10', '.5', '5.', '+1', '00.1', '1e', '0.1e-999', '0e-9'],
      ...['0e10', '10000000000.00000000', '1e10', `${'0'.repeat(2)}`, `0.${'0'.repeat(100_000)}1`],
    ]) {
      expect(await rejection(amount, value)).toEqual([-3, 'Invalid amount']);
    }
    for (const value of [-1, '-0.00000001'])
      expect(await rejection(amount, value)).toEqual([-3, 'Amount out of range']);
    for (const value of [true, [], {}])
      expect(await rejection(amount, value)).toEqual([-3, 'Amount is not a number or string']);
  });
});

describe('placeArguments', () => {
  const list = [textArgument('a', ''), optional(textArgument('b|older', '')), optional(textArgument('c', ''))];

  it('keeps positional arguments', async () => {
    expect(placeArguments(list, ['x', null])).toEqual(['x', null]);
  });

  it('fills gaps between named arguments and appends nothing', async () => {
    expect(placeArguments(list, { a: 1, c: 3 })).toEqual([1, undefined, 3]);
    expect(placeArguments(list, { a: 1 })).toEqual([1]);
    expect(placeArguments(list, { older: 2 })).toEqual([undefined, 2]);
    expect(placeArguments(list, {})).toEqual([]);
  });

  it('takes leading positional arguments from `args`', async () => {
    expect(placeArguments(list, { args: [1], c: 3 })).toEqual([1, undefined, 3]);
    expect(placeArguments(list, { args: [1, 2, 3, 4] })).toEqual([1, 2, 3, 4]);
  });

  it('rejects unknown names and arguments given twice', async () => {
    expect(() => placeArguments(list, { x: 1 })).toThrow('Unknown named parameter x');
    expect(() => placeArguments(list, { args: 1 })).toThrow('Unknown named parameter args');
    expect(() => placeArguments(list, { args: [1], a: 1 })).toThrow(
      'Parameter a specified twice both as positional and named argument',
    );
    expect(() => placeArguments(list, { b: 1, older: 2 })).toThrow('Unknown named parameter older');
  });
});
