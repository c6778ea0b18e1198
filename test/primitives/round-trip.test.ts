import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DecodeError } from '../../src/bytes/errors.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { describeVectors, vectorBytes, vectorJson, vectorPath } from '../support/vectors.ts';

/** The same value without the bytes that it was decoded from, so that encoding it is work. */
function rebuild(tx: Transaction): Transaction {
  const { version, inputs, outputs, lockTime } = tx;
  return new Transaction({ version, inputs, outputs, lockTime });
}

/** Decodes; undefined where that throws `DecodeError`. Anything else it throws fails the test. */
function tryDecode(bytes: Uint8Array): Transaction | undefined {
  try {
    return Transaction.decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return undefined;
  }
}

function expectSame(tx: Transaction, raw: Uint8Array): void {
  const again = rebuild(tx);
  expect(toHex(again.encode())).toBe(toHex(raw));
  expect(again.txidHex).toBe(tx.txidHex);
  expect(again.wtxidHex).toBe(tx.wtxidHex);
  expect(again.totalSize).toBe(raw.length);
  expect(tx.totalSize).toBe(raw.length);
  const stripped = again.encodeStripped();
  expect(stripped).toHaveLength(tx.strippedSize);
  expect(toHex(tx.encodeStripped())).toBe(toHex(stripped));
  expect(tx.weight).toBe(stripped.length * 3 + raw.length);
}

type Row = readonly unknown[];

/** The raw transactions in Core's vectors. */
function vectorTransactions(): Uint8Array[] {
  const rows = (path: string, column: number, length: number): string[] =>
    vectorJson<Row[]>(path)
      .filter((row) => row.length === length)
      .map((row) => row[column] as string);
  const assets = vectorJson<{ tx: string }[]>('taproot/script_assets.json').map(({ tx }) => tx);
  return [
    ...rows('core/sighash.json', 0, 5),
    ...rows('core/tx_valid.json', 1, 3),
    ...rows('core/tx_invalid.json', 1, 3),
    ...assets,
  ].map(fromHex);
}

describeVectors('Transactions of the vectors', 'core/tx_valid.json', () => {
  const raws = vectorTransactions();

  it('are encoded to the bytes they came from', () => {
    for (const raw of raws) expectSame(Transaction.decode(raw), raw);
    expect(raws).toHaveLength(500 + 121 + 93 + 1729);
  });

  it('are nothing when cut short or followed by more', () => {
    const some = fc.record({ raw: fc.constantFrom(...raws), at: fc.nat() });
    fc.assert(
      fc.property(some, ({ raw, at }) => {
        expect(tryDecode(raw.subarray(0, at % raw.length))).toBeUndefined();
        expect(tryDecode(Uint8Array.of(...raw, at & 0xff))).toBeUndefined();
      }),
      { numRuns: 300, seed: 144 },
    );
  });

  it('have one encoding only: whatever else decodes, is encoded to itself', () => {
    const flips = fc.array(fc.record({ at: fc.nat(), to: fc.nat(255) }), { minLength: 1, maxLength: 3 });
    let decoded = 0;
    fc.assert(
      fc.property(fc.constantFrom(...raws), flips, (raw, changes) => {
        const bytes = Uint8Array.from(raw);
        // Where counts and lengths stand, for the most part.
        for (const { at, to } of changes) bytes[at % Math.min(bytes.length, 60)] = to;
        const tx = tryDecode(bytes);
        if (!tx) return;
        decoded++;
        expectSame(tx, bytes);
      }),
      { numRuns: 2000, seed: 145 },
    );
    expect(decoded).toBeGreaterThan(500);
  });
});

const blockFiles = (): string[] =>
  readdirSync(vectorPath('blocks')).filter((name) => /^(block\d+|mainnet-[0-9a-f]{64})\.raw$/.test(name));

describeVectors('Real blocks', 'blocks', () => {
  const files = blockFiles();

  it.each(files)('are encoded to the bytes they came from: %s', (file) => {
    const raw = vectorBytes(`blocks/${file}`);
    const block = Block.decode(raw);
    const { version, prevHash, merkleRoot, time, bits, nonce } = block.header;
    const header = new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce });
    const again = new Block(header, block.transactions.map(rebuild));
    expect(Buffer.compare(again.encode(), raw)).toBe(0);
    expect(again.hashHex).toBe(block.hashHex);
    expect(again.weight).toBe(block.weight);
    expect(again.strippedSize).toBe(block.encodeStripped().length);
    expect(Buffer.compare(again.encodeStripped(), block.encodeStripped())).toBe(0);
    for (const [i, tx] of block.transactions.entries()) {
      expect(again.transactions[i]!.txidHex).toBe(tx.txidHex);
      expect(again.transactions[i]!.wtxidHex).toBe(tx.wtxidHex);
    }
    const named = /^mainnet-([0-9a-f]{64})/.exec(file);
    if (named) expect(block.hashHex).toBe(named[1]);
  });

  it('are there', () => {
    expect(files).toHaveLength(9);
  });

  it('are nothing when cut short', () => {
    const raw = vectorBytes('blocks/block898352.raw');
    for (let length = 0; length < raw.length; length += 7) {
      expect(() => Block.decode(raw.subarray(0, length))).toThrow(DecodeError);
    }
    expect(() => Block.decode(Buffer.concat([raw, Buffer.of(0)]))).toThrow(DecodeError);
  });

  it('turn into a DecodeError or another block, whichever bit flips', () => {
    const raw = Uint8Array.from(vectorBytes('blocks/block898352.raw'));
    fc.assert(
      fc.property(fc.nat(raw.length * 8 - 1), (bit) => {
        const bytes = Uint8Array.from(raw);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        let block: Block | undefined;
        try {
          block = Block.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
        if (block) expect(toHex(new Block(block.header, block.transactions.map(rebuild)).encode())).toBe(toHex(bytes));
      }),
      { numRuns: 300, seed: 146 },
    );
  });
});
