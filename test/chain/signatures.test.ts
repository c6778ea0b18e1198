import { describe, expect, it } from 'vitest';
import { makeSpendChain } from '../../bench/spend-chain.ts';
import { binaryKey } from '../../src/bytes/compare.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { randomInt } from '../../src/platform/random.ts';
import { Transaction, type TxIn } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { mineBlock } from './support/builder.ts';

const POSITIONS = 200;
/** Of those, the number tested in a full block, which the worker threads share. */
const WHOLE_BLOCKS = 6;

/** Flips one bit of the input's signature: the first witness item, or the first push of the scriptSig. */
function flipBit(input: TxIn, random: SeededRandom): TxIn {
  const flipped = (bytes: Uint8Array, from: number, length: number) => {
    const copy = bytes.slice();
    const bit = randomInt(random, length * 8);
    copy[from + (bit >> 3)]! ^= 1 << (bit & 7);
    return copy;
  };
  if (input.scriptSig.length > 0) return { ...input, scriptSig: flipped(input.scriptSig, 1, input.scriptSig[0]!) };
  const [signature, ...rest] = input.witness;
  return { ...input, witness: [flipped(signature!, 0, signature!.length), ...rest] };
}

/** Returns the ancestors of `tx` in the block, then `tx`. */
function withParents(tx: Transaction, byTxid: ReadonlyMap<string, Transaction>): Transaction[] {
  const needed = new Set<Transaction>();
  const visit = (one: Transaction) => {
    for (const { prevout } of one.inputs) {
      const parent = byTxid.get(binaryKey(prevout.txid));
      if (parent && !needed.has(parent)) visit(parent);
    }
    needed.add(one);
  };
  visit(tx);
  return [...needed];
}

describe('a chain of signed transactions', () => {
  it(`is valid, and invalid with a flipped bit in any of ${POSITIONS} signatures`, { timeout: 60_000 }, async () => {
    const { blocks } = await makeSpendChain({ seed: 1, fullBlocks: 2, transactionsPerBlock: 1_200 });
    const chain = await Chain.open(
      { params: regtest },
      { store: new MemoryStore(), clock: new VirtualClock(), logger: silentLogger },
    );
    const random = new SeededRandom(7);
    const full = blocks.filter(({ transactions }) => transactions.length > 1_000);
    const kinds = new Set<string>();
    let caught = 0;
    for (const [i, block] of blocks.entries()) {
      const nth = full.indexOf(block);
      const byTxid = new Map(block.transactions.map((tx) => [binaryKey(tx.txid), tx]));
      for (let at = nth; nth >= 0 && at < POSITIONS; at += full.length) {
        const tx = block.transactions[1 + randomInt(random, block.transactions.length - 1)]!;
        const which = randomInt(random, tx.inputs.length);
        const { scriptSig, witness } = tx.inputs[which]!;
        const inputs = tx.inputs.map((input, j) => (j === which ? flipBit(input, random) : input));
        const { version, outputs, lockTime } = tx;
        const bad = new Transaction({ version, inputs, outputs, lockTime });
        // A changed scriptSig changes the txid, so children must be left out.
        const isWhole = at < WHOLE_BLOCKS && scriptSig.length === 0;
        const all: readonly Transaction[] = isWhole ? block.transactions.slice(1) : withParents(tx, byTxid);
        const transactions = all.map((one) => (one === tx ? bad : one));
        const { reject } = await chain.acceptBlock(mineBlock(chain.tip, { transactions }));
        expect(reject?.reason).toMatch(/^block-script-verify-flag-failed/);
        expect(reject?.debug).toContain(`input ${which} of ${bad.txidHex}`);
        expect(chain.tip.height).toBe(i);
        kinds.add(scriptSig.length > 0 ? 'P2PKH' : witness.length === 2 ? 'P2WPKH' : 'P2TR');
        caught++;
      }
      expect(await chain.acceptBlock(block)).toMatchObject({ isNew: true });
      expect(chain.tip.height).toBe(i + 1);
    }
    expect(caught).toBe(POSITIONS);
    expect([...kinds].sort()).toEqual(['P2PKH', 'P2TR', 'P2WPKH']);
    await chain.close();
  });
});
