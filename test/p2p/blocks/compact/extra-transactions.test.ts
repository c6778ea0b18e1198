import { expect, it } from 'vitest';
import { toHex } from '../../../../src/bytes/hex.ts';
import type { Mempool } from '../../../../src/mempool/mempool.ts';
import { ExtraTransactions } from '../../../../src/p2p/blocks/compact/extra-transactions.ts';
import { spend } from '../../../chain/support/builder.ts';

/** A mempool without events. */
const mempool = { events: { on: () => () => {} } } as unknown as Mempool;

/** A transaction of its own for each `n`, with `size` further bytes. */
const transaction = (n: number, size = 0) =>
  spend({
    inputs: [{ txid: new Uint8Array(32).fill(1), vout: n }],
    outputs: [{ value: 1n, scriptPubKey: new Uint8Array(size) }],
    witness: [Uint8Array.of(n)],
  });

const contents = (extra: ExtraTransactions) =>
  [...extra].map((each) => {
    const tx = each.decode();
    expect(toHex(each.wtxid)).toBe(toHex(tx.wtxid));
    return tx.inputs[0]!.prevout.vout;
  });

it('keeps the last 100 transactions, short ones in the place of long ones', () => {
  const extra = new ExtraTransactions({ mempool });
  for (let n = 0; n < 100; n++) extra.add(transaction(n, 500));
  expect(contents(extra)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  for (let n = 100; n < 103; n++) extra.add(transaction(n));
  expect(contents(extra).slice(0, 4)).toEqual([100, 101, 102, 3]);
  expect(extra.size).toBe(100);
  extra.close();
});

it('keeps what it has decoded, whatever comes in the place of the bytes', () => {
  const extra = new ExtraTransactions({ mempool });
  extra.add(transaction(0));
  const before = [...extra][0]!.decode();
  for (let n = 1; n <= 100; n++) extra.add(transaction(n));
  expect(toHex(before.encode())).toBe(toHex(transaction(0).encode()));
  extra.close();
});

it('keeps no transaction that takes more than 100,000 bytes of memory', () => {
  const extra = new ExtraTransactions({ mempool });
  extra.add(transaction(0, 100_000));
  expect(extra.size).toBe(0);
  extra.add(transaction(1, 90_000));
  expect(contents(extra)).toEqual([1]);
  extra.close();
});
