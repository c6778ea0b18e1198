import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../src/bytes/hex.ts';
import { PartialBlock, shortId, shortIdKey, toCompactBlock } from '../../../../src/p2p/blocks/compact/compact-block.ts';
import { ShortIdTable } from '../../../../src/p2p/blocks/compact/short-id-table.ts';
import type { CmpctBlockMessage } from '../../../../src/p2p/wire/messages/cmpctblock.ts';
import { decodeMessage, encodeMessage } from '../../../../src/p2p/wire/messages/index.ts';
import { atOnce } from '../../../../src/platform/slices.ts';
import { Block } from '../../../../src/primitives/block.ts';
import { Transaction } from '../../../../src/primitives/transaction.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { mineBlock, OP_TRUE, spend } from '../../../chain/support/builder.ts';
import { describeVectors, vectorBytes } from '../../../support/vectors.ts';

const random = new SeededRandom(152);

/** Fills a block to the end. Returns the number of steps. */
function fill(partial: PartialBlock, ...pools: readonly (readonly Transaction[])[]): number {
  return [...partial.fill(...pools)].length;
}

describe.each([426884, 898352])('block %i', (height) => {
  describeVectors('as a compact block', `blocks/compact${height}.raw`, () => {
    const raw = vectorBytes(`blocks/compact${height}.raw`);
    const message = decodeMessage('cmpctblock', raw);
    const block = Block.decode(vectorBytes(`blocks/block${height}.raw`));

    it('round-trips', () => {
      expect(toHex(message.header.hash)).toBe(toHex(block.hash));
      expect(message.shortIds.length + message.prefilled.length).toBe(block.transactions.length);
      expect(toHex(encodeMessage('cmpctblock', message))).toBe(toHex(raw));
    });

    it('has the computed short ids', () => {
      const key = shortIdKey(message.header, message.nonce);
      // Block 426884 is of version 1, by txid; block 898352 of version 2, by wtxid.
      const isByTxid = height === 426884;
      const ids = block.transactions.map((tx) => shortId(key, isByTxid ? tx.txid : tx.wtxid));
      for (const { index } of message.prefilled.toReversed()) ids.splice(index, 1);
      expect(ids).toEqual([...message.shortIds]);
    });

    it('is converted from the block, and reconstructed', () => {
      const compact = decodeMessage('cmpctblock', encodeMessage('cmpctblock', toCompactBlock(block, 42n)));
      const partial = atOnce(PartialBlock.create(compact, random)) as PartialBlock;
      const [, ...others] = block.transactions;
      const known = others.filter((_, i) => i % 3 !== 0);
      fill(partial, known.toReversed());
      const missing = partial.missing();
      expect(missing).toEqual(others.flatMap((_, i) => (i % 3 === 0 ? [i + 1] : [])));
      const rebuilt = atOnce(
        partial.complete(
          missing.map((i) => block.transactions[i]!),
          true,
        ),
      );
      expect(toHex((rebuilt as Block).encode())).toBe(toHex(block.encode()));
    });
  });
});

const parent = { hash: new Uint8Array(32), height: 0, time: 1_296_688_602, bits: 0x207fffff };
const output = { value: 1n, scriptPubKey: OP_TRUE };
const transactions = Array.from({ length: 5 }, (_, vout) =>
  spend({ inputs: [{ txid: new Uint8Array(32).fill(1), vout }], outputs: [output] }),
);
const block = mineBlock(parent, { transactions });
const compact = toCompactBlock(block, 7n);
const [tx1, tx2, tx3, tx4, tx5] = transactions as [Transaction, Transaction, Transaction, Transaction, Transaction];
const create = (changes: Partial<CmpctBlockMessage>) => atOnce(PartialBlock.create({ ...compact, ...changes }, random));
const partial = () => create({}) as PartialBlock;
const prefill = (...indexes: number[]) => indexes.map((index) => ({ index, tx: tx1 }));

/** As many short ids as a block can have. */
const manyIds = Array.from({ length: 0xffff }, (_, i) => i * 2 ** 31);
const poolOf = (length: number) => Array.from({ length }, () => tx1);

describe('PartialBlock', () => {
  it('is invalid if it is empty, or has a prefilled index out of bounds', () => {
    expect(create({ shortIds: [], prefilled: [] })).toBe('invalid');
    expect(create({ prefilled: prefill(0, 6) })).toBeInstanceOf(PartialBlock);
    expect(create({ prefilled: prefill(0, 7) })).toBe('invalid');
    expect(create({ prefilled: prefill(6) })).toBe('invalid');
    expect(create({ prefilled: prefill(65_536) })).toBe('invalid');
    const nothing = new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 });
    expect(create({ prefilled: [{ index: 0, tx: nothing }] })).toBe('invalid');
  });

  it('fails if two short ids are equal', () => {
    const [first, ...others] = compact.shortIds;
    expect(create({ shortIds: [first!, first!, ...others.slice(1)] })).toBe('failed');
  });

  it('places prefilled transactions by index', () => {
    const shortIds = [...compact.shortIds];
    const prefilled = [...compact.prefilled, { index: 3, tx: tx3 }, { index: 5, tx: tx5 }];
    const some = create({ prefilled, shortIds: [shortIds[0]!, shortIds[1]!, shortIds[3]!] }) as PartialBlock;
    fill(some, [tx4]);
    expect(some.missing()).toEqual([1, 2]);
    expect(atOnce(some.complete([tx1, tx2], true))).toMatchObject({ hashHex: block.hashHex });
  });

  it('fails to complete if a foreign transaction matches a short id', () => {
    const other = spend({ inputs: [{ txid: new Uint8Array(32).fill(9), vout: 0 }], outputs: [output] });
    const both = partial();
    fill(both, [tx1, tx2, tx3, tx4, tx5]);
    expect(both.missing()).toEqual([]);
    const key = shortIdKey(compact.header, compact.nonce);
    const forged = create({
      shortIds: [...compact.shortIds].map((id, i) => (i === 2 ? shortId(key, other.wtxid) : id)),
    }) as PartialBlock;
    fill(forged, [tx1, tx2, other, tx4, tx5]);
    expect(forged.missing()).toEqual([]);
    expect(atOnce(forged.complete([], true))).toBe('failed');
  });

  it('is not confused by a transaction of both pools', () => {
    const some = partial();
    fill(some, [tx1, tx2, tx3], [tx2, tx4]);
    expect(some.missing()).toEqual([5]);
  });

  it('looks its short ids up in a table with a secret', () => {
    const key = shortIdKey(compact.header, compact.nonce);
    const ids = atOnce(ShortIdTable.of(compact.shortIds, random))!;
    for (const [i, tx] of transactions.entries()) expect(ids.find(shortId(key, tx.wtxid))).toBe(i);
    expect(ids.find([...compact.shortIds][0]! + 1)).toBe(-1);
    const table = atOnce(ShortIdTable.of(manyIds, random))!;
    expect(manyIds.every((id, i) => table.find(id) === i)).toBe(true);
    expect(atOnce(ShortIdTable.of([...manyIds.slice(1), manyIds[7]!], random))).toBeUndefined();
  });

  it('uses the memory of its table again, whatever becomes of it', () => {
    /** Returns where the next table is, which it releases. */
    const nextTable = () => {
      const table = atOnce(ShortIdTable.of([], random))!;
      table.release();
      table.release();
      return table.indexes;
    };
    const isSame = (a: Uint16Array, b: Uint16Array) => a.buffer === b.buffer && a.byteOffset === b.byteOffset;
    const place = nextTable();
    fill(partial(), [tx1]);
    expect(isSame(nextTable(), place)).toBe(true);
    partial().release();
    expect(isSame(nextTable(), place)).toBe(true);
    expect(create({ shortIds: [1, 1] })).toBe('failed');
    expect(isSame(nextTable(), place)).toBe(true);
    const creation = PartialBlock.create({ ...compact, shortIds: manyIds }, random);
    for (let steps = 0; steps < 2; steps++) expect(creation.next().done).toBe(false);
    expect(isSame(nextTable(), place)).toBe(false);
    creation.return('failed');
    expect(isSame(nextTable(), place)).toBe(true);
    const filling = partial().fill(poolOf(1_000));
    expect(filling.next().done).toBe(false);
    filling.return();
    expect(isSame(nextTable(), place)).toBe(true);
  });

  it('has the marks and ids of no earlier table', () => {
    const earlier = atOnce(ShortIdTable.of([1, 2, 3], random))!;
    earlier.isAmbiguous.fill(1);
    earlier.release();
    const table = atOnce(ShortIdTable.of([4, 5, 6], random))!;
    expect([...table.isAmbiguous]).toEqual([0, 0, 0]);
    expect([1, 2, 3, 4, 5, 6].map((id) => table.find(id))).toEqual([-1, -1, -1, 0, 1, 2]);
    table.release();
  });

  it('is filled in steps', () => {
    expect(fill(partial(), poolOf(1_000))).toBe(62);
  });

  it('is completed only with exactly the missing transactions', () => {
    const complete = (...missing: Transaction[]) => {
      const some = partial();
      fill(some, [tx1, tx2, tx3]);
      return atOnce(some.complete(missing, true));
    };
    expect(complete(tx4)).toBe('invalid');
    expect(complete(tx4, tx5, tx5)).toBe('invalid');
    expect(complete(tx5, tx4)).toBe('failed');
    expect(complete(tx4, tx4)).toBe('failed');
    expect(complete(tx4, tx5)).toMatchObject({ hashHex: block.hashHex });
  });

  it('fails with a witness that the coinbase does not commit to', () => {
    const some = partial();
    fill(some, transactions.slice(1));
    const { inputs } = tx1;
    const other = new Transaction({
      ...tx1,
      outputs: tx1.outputs,
      lockTime: 0,
      version: 2,
      inputs: [{ ...inputs[0]!, witness: [OP_TRUE] }],
    });
    expect(toHex(other.txid)).toBe(toHex(tx1.txid));
    expect(atOnce(some.complete([other], true))).toBe('failed');
  });
});
