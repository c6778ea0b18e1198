import { describe, expect, it } from 'vitest';
import { connectBlockInSteps } from '../../src/chain/connect/connect-block.ts';
import { ownScripts } from '../../src/chain/connect/connect-tip.ts';
import { disconnectBlockInSteps } from '../../src/chain/connect/disconnect-block.ts';
import { splitIntoChunks, splitIntoChunksInSteps } from '../../src/chain/scripts/script-check.ts';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { shareChunksInSteps } from '../../src/chain/scripts/shared-chunks.ts';
import { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { repeatsTransaction } from '../../src/chain/utxo/bip30.ts';
import { decodeUndoInSteps, encodeUndo, encodeUndoInSteps } from '../../src/chain/utxo/coin-codec.ts';
import { UtxoCache } from '../../src/chain/utxo/utxo-cache.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { mineBlock, OP_TRUE, spend } from './support/builder.ts';

/** Items of each computation. */
const COUNT = 800;
/** Steps for them: no step has more than 20 items or fewer than 12. */
const [FEWEST, MOST] = [COUNT / 20, COUNT / 12];

const coin: Coin = { output: { value: 1000n, scriptPubKey: OP_TRUE }, height: 0, isCoinbase: false };
const spends = Array.from({ length: COUNT }, (_, vout) =>
  spend({ inputs: [{ txid: new Uint8Array(32).fill(1), vout }], outputs: [{ value: 900n, scriptPubKey: OP_TRUE }] }),
);
const genesis = BlockIndex.of(regtest.genesis.header, regtest.genesis.hash, undefined, 0n);
const block = mineBlock(genesis, { transactions: spends });
const undo = spends.map(() => [coin]);
const checks = spends.map((tx) => ({ tx, spentOutputs: [coin.output] }));
const coins = { peek: (key: string) => (key.charCodeAt(0) === 1 && key.charCodeAt(31) === 1 ? coin : undefined) };

/** Returns the number of steps, and the result. */
function run<T>(steps: Generator<unknown, T>): { count: number; result: T } {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next();
    if (done) return { count, result: value };
  }
}

function expectSteps(steps: Generator, passes = 1): void {
  const { count } = run(steps);
  expect(count).toBeGreaterThanOrEqual(FEWEST * passes);
  expect(count).toBeLessThanOrEqual(MOST * passes);
}

describe('a computation that runs in steps has a step for about 16 items', () => {
  it('when it connects a block', () => {
    const { count, result } = run(connectBlockInSteps(block, genesis, coins, regtest));
    expect(result.reject).toBeUndefined();
    expect(count).toBeGreaterThanOrEqual(FEWEST);
    expect(count).toBeLessThanOrEqual(MOST);
  });

  it('when it looks for repeated transactions', () => {
    expectSteps(repeatsTransaction(block, { peek: () => undefined }));
  });

  it('when it disconnects a block', () => {
    expectSteps(disconnectBlockInSteps(genesis, block, undo));
  });

  it('when it copies scripts', () => {
    expectSteps(ownScripts(new Map(spends.map((tx) => [tx.txidHex, coin]))));
  });

  it('when it encodes undo data, which is read twice, and decodes it', () => {
    expectSteps(encodeUndoInSteps(undo), 2);
    expectSteps(decodeUndoInSteps(encodeUndo(undo)));
  });

  it('when it splits transactions into chunks and shares them with threads, which are read twice', () => {
    const one = spend({ inputs: spends.map((tx) => tx.inputs[0]!.prevout), outputs: [] });
    const chunks = splitIntoChunksInSteps([{ tx: one, spentOutputs: spends.map(() => coin.output) }]);
    expectSteps(chunks);
    expectSteps(shareChunksInSteps(checks, splitIntoChunks(checks), 0), 2);
  });

  it('when it looks for transactions in the cache of scripts', async () => {
    const verifier = new ScriptVerifier({ threads: 0 }, new VirtualClock(), silentLogger);
    for (const { tx } of checks) verifier.cache.add(tx, 0);
    expectSteps(verifier.startInSteps(checks, 0));
    await verifier.close();
  });

  it('when it encodes coins, besides one for each first byte of a txid', () => {
    const cache = new UtxoCache(new MemoryStore(), 0, 0);
    for (const { inputs } of spends) cache.add(outPointKey(inputs[0]!.prevout), coin);
    const { count, result } = run(cache.beginFlush().operations());
    expect(result).toHaveLength(COUNT);
    expect(count - 256).toBeGreaterThanOrEqual(FEWEST);
    expect(count - 256).toBeLessThanOrEqual(MOST);
  });
});
