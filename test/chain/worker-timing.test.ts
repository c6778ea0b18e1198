import { describe, expect, it, vi } from 'vitest';
import { type ScriptCheck, verifyChecks } from '../../src/chain/scripts/script-check.ts';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { randomInt } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import type { TxOut } from '../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS } from '../../src/script/flags.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { requireOracles } from '../support/oracles.ts';
import { hasScriptThreads } from '../support/script-threads.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, describeCoins, extend, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';
import { slowWorkers } from './support/slow-worker.ts';

vi.mock('../../src/platform/threads.ts', async (original) => {
  const { SlowWorker } = await import('./support/slow-worker.ts');
  return { ...(await original<object>()), startThread: () => new SlowWorker() };
});

// Priced at one signature check each, so that the threads share the blocks: the branch that is not executed has one.
const PRICED = Uint8Array.of(0x00, 0x63, 0xac, 0x68, 0x51);
const INVALID = Uint8Array.of(0x00, 0x63, 0xac, 0x68, 0x00);

interface Scenario {
  /** The blocks up to the fork, then the first branch and the branch with more work. */
  readonly shared: readonly Block[];
  readonly first: readonly Block[];
  readonly better: readonly Block[];
  /** The invalid block of the better branch. */
  readonly bad: Block;
}

/**
 * Builds two branches of blocks with hundreds of inputs each; one block of the better branch has two invalid inputs.
 */
async function makeScenario(): Promise<Scenario> {
  const chain = await openChain({ scriptThreads: 0 });
  const shared = await extend(chain, 101);
  const many: TxOut[] = Array.from({ length: 1600 }, (_, i) => ({
    value: 1000n,
    scriptPubKey: i === 700 || i === 900 ? INVALID : PRICED,
  }));
  const split = spend({ inputs: [outpoint(shared[0]!.transactions[0]!)], outputs: many });
  shared.push(...(await extend(chain, 1, { transactions: [split] })));
  const fork = chain.tip;
  /** Returns transactions with 1 to 90 inputs each that spend these outputs. */
  const spends = (from: number, end: number, seed: number) => {
    const sizes = new SeededRandom(seed);
    const transactions = [];
    for (let at = from; at < end; ) {
      const next = Math.min(end, at + 1 + randomInt(sizes, 90));
      const inputs = Array.from({ length: next - at }, (_, i) => outpoint(split, at + i));
      transactions.push(spend({ inputs, outputs: [{ value: 500n, scriptPubKey: OP_TRUE }] }));
      at = next;
    }
    return transactions;
  };
  const line = (tag: number, ranges: readonly (readonly [number, number])[]) => {
    const blocks: Block[] = [];
    let prev: Parameters<typeof mineBlock>[0] = fork;
    for (const [from, end] of ranges) {
      const block = mineBlock(prev, { tag, transactions: spends(from, end, tag) });
      blocks.push(block);
      prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: block.header.bits };
    }
    return blocks;
  };
  const first = line(1, [
    [0, 300],
    [300, 600],
    [950, 1300],
  ]);
  const better = line(2, [
    [0, 250],
    [250, 500],
    [500, 690],
    [690, 940],
    [950, 1150],
    [1150, 1600],
  ]);
  return { shared, first, better, bad: better[3]! };
}

/** Runs the scenario; returns all observable results. */
async function run({ shared, first, better }: Scenario, scriptThreads: number): Promise<readonly unknown[]> {
  const chain = await openChain({ scriptThreads });
  const results: string[] = [];
  chain.events.on('blockChecked', ({ index, reject }) => {
    results.push(`${index?.height} ${index?.hashHex} ${reject?.reason} ${reject?.debug}`);
  });
  await Promise.all(shared.map((block) => chain.acceptBlock(block)));
  for (const block of first) await accept(chain, block);
  chain.acceptHeaders(better.map(({ header }) => header));
  await Promise.all([...better].reverse().map((block) => chain.acceptBlock(block)));
  const failed = better.map(({ hash }) => chain.getIndex(hash)!.failed);
  const coins = describeCoins(chain);
  const observed = [results, failed, chain.tip.hashHex, chain.bestHeader.hashHex, coins];
  await chain.close();
  return observed;
}

describe(`a chain with arbitrary thread timing${hasScriptThreads ? '' : ' (skipped: not built)'}`, () => {
  it.skipIf(!hasScriptThreads && !requireOracles)('gives the same results', { timeout: 60_000 }, async () => {
    const scenario = await makeScenario();
    const { shared, first, better, bad } = scenario;
    slowWorkers.random = new SeededRandom(0);
    const [results, failed, tip, , coins] = await run(scenario, 0);
    expect(slowWorkers.verified).toBe(0);
    expect(failed).toEqual([false, false, false, true, true, true]);
    // The valid part of the better branch does not have more work than the first branch.
    expect(tip).toBe(first.at(-1)!.hashHex);
    expect(coins).toEqual(replay([...shared, ...first]));
    const lines = (results as string[]).filter((line) => line.includes(bad.hashHex));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/block-script-verify-flag-failed .* input \d+ of .*:700$/);
    expect(better).toHaveLength(6);

    for (const threads of [1, 3]) {
      for (let seed = 1; seed <= 6; seed++) {
        slowWorkers.random = new SeededRandom(seed);
        expect(await run(scenario, threads), `seed ${seed}, ${threads} threads`).toEqual([
          results,
          failed,
          tip,
          first.at(-1)!.hashHex,
          coins,
        ]);
      }
    }
    // The workers did take part, and some died.
    expect(slowWorkers.verified).toBeGreaterThan(60);
    expect(slowWorkers.died).toBeGreaterThan(0);
  });
});

describe(`costly transactions with arbitrary thread timing${hasScriptThreads ? '' : ' (skipped: not built)'}`, () => {
  it.skipIf(!hasScriptThreads && !requireOracles)(
    'get the right results, though workers die',
    { timeout: 60_000 },
    async () => {
      const sizes = new SeededRandom(5);
      const checks: ScriptCheck[] = Array.from({ length: 60 }, (_, i) => {
        const inputs = Array.from({ length: 1 + randomInt(sizes, 120) }, (_, vout) => {
          return { txid: new Uint8Array(32).fill(i), vout };
        });
        const invalid = randomInt(sizes, 3) === 0 ? randomInt(sizes, inputs.length) : -1;
        const spentOutputs = inputs.map((_, vout) => ({
          value: 1n,
          scriptPubKey: vout === invalid ? INVALID : PRICED,
        }));
        return { tx: spend({ inputs, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }), spentOutputs };
      });
      const died = slowWorkers.died;
      for (let seed = 1; seed <= 6; seed++) {
        slowWorkers.random = new SeededRandom(seed);
        const verifier = new ScriptVerifier({ threads: 3 }, new VirtualClock(), silentLogger);
        await Promise.all(
          checks.map((check) => verifier.queue.verify(check, FLAGS, { precedence: 0, spent: () => {} })),
        );
        for (const [i, check] of checks.entries()) {
          const expected = verifyChecks([check], FLAGS);
          expect(verifier.cache.has(check.tx, FLAGS), `seed ${seed}, transaction ${i}`).toBe(expected === undefined);
          const known = verifier.cache.failure(check.tx, FLAGS);
          expect(known?.inputIndex).toBe(expected?.inputIndex);
          expect(known?.error).toBe(expected?.error);
        }
        await verifier.close();
      }
      expect(slowWorkers.died).toBeGreaterThan(died);
    },
  );
});
