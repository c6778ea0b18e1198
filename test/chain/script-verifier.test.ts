import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { ScriptCache } from '../../src/chain/scripts/script-cache.ts';
import { type FailedCheck, type ScriptCheck, splitIntoChunks } from '../../src/chain/scripts/script-check.ts';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import {
  ChunkState,
  chunkState,
  closeChunks,
  readChunk,
  type SharedChunks,
  shareChunks,
  takeChunk,
  verifySharedChunks,
} from '../../src/chain/scripts/shared-chunks.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS, ScriptFlag } from '../../src/script/flags.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { requireOracles } from '../support/oracles.ts';
import { parentOf, realBlock, spentCoins } from '../support/real-blocks.ts';
import { describeVectors } from '../support/vectors.ts';
import { waitFor } from '../support/wait.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { extend, openChain } from './support/chain.ts';

const clock = new VirtualClock();
// Worker threads run the built code.
const isBuilt = existsSync(new URL('../../dist/chain/scripts/script-worker.js', import.meta.url));
const withThreads = isBuilt || requireOracles ? describe : describe.skip;

/** Returns a check with `inputs` inputs, of which the numbers in `invalid` spend OP_0 and fail. */
function check(inputs: number, ...invalid: readonly number[]): ScriptCheck {
  const outpoints = Array.from({ length: inputs }, (_, vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
  const spentOutputs = outpoints.map(({ vout }) => ({
    value: 1n,
    scriptPubKey: invalid.includes(vout) ? Uint8Array.of(0) : OP_TRUE,
  }));
  return { tx: spend({ inputs: outpoints, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }), spentOutputs };
}

/** Returns the states of all chunks. */
function states(shared: SharedChunks): number[] {
  return Array.from({ length: shared.control.length - 1 }, (_, chunk) => chunkState(shared, chunk));
}

function verify(
  verifier: ScriptVerifier,
  checks: readonly ScriptCheck[],
  flags = FLAGS,
): Promise<FailedCheck | undefined> {
  return verifier.start(checks, flags).result();
}

describe('chunks of inputs', () => {
  it('contain every input once, in order, and round-trip through shared memory', () => {
    const checks = [check(3), check(300), check(1), check(64)];
    const chunks = splitIntoChunks(checks);
    expect(chunks.map((ranges) => ranges.reduce((sum, { first, end }) => sum + end - first, 0))).toEqual([
      ...Array(11).fill(32),
      16,
    ]);
    const inputs = chunks
      .flat()
      .flatMap(({ tx, first, end }) => Array.from({ length: end - first }, (_, i) => `${tx.txidHex}:${first + i}`));
    expect(inputs).toEqual(checks.flatMap(({ tx }) => tx.inputs.map((_, i) => `${tx.txidHex}:${i}`)));

    const shared = shareChunks(chunks, FLAGS);
    for (const [chunk, ranges] of chunks.entries()) {
      const back = readChunk(shared, shared.bytes.slice(), chunk);
      expect(back.map(({ tx, ...rest }) => ({ txid: tx.wtxidHex, ...rest }))).toEqual(
        ranges.map(({ tx, ...rest }) => ({ txid: tx.wtxidHex, ...rest })),
      );
    }
  });

  it('are each taken once, and none after an invalid one', () => {
    const good = shareChunks(splitIntoChunks([check(100)]), FLAGS);
    expect(takeChunk(good)).toBe(0);
    verifySharedChunks(good);
    expect(states(good)).toEqual([ChunkState.OPEN, ChunkState.VALID, ChunkState.VALID, ChunkState.VALID]);
    expect(takeChunk(good)).toBeUndefined();

    const bad = shareChunks(splitIntoChunks([check(100, 40)]), FLAGS);
    verifySharedChunks(bad);
    expect(states(bad)).toEqual([ChunkState.VALID, ChunkState.INVALID, ChunkState.OPEN, ChunkState.OPEN]);

    const closed = shareChunks(splitIntoChunks([check(100)]), FLAGS);
    closeChunks(closed);
    verifySharedChunks(closed);
    expect(states(closed)).toEqual(Array(4).fill(ChunkState.OPEN));
  });
});

describe('ScriptCache', () => {
  it('applies to the checked flags and subsets of them', () => {
    const cache = new ScriptCache();
    const { tx } = check(1);
    cache.add(tx, ScriptFlag.P2SH | ScriptFlag.WITNESS);
    expect(cache.has(tx, ScriptFlag.P2SH)).toBe(true);
    expect(cache.has(tx, ScriptFlag.P2SH | ScriptFlag.TAPROOT)).toBe(false);
    cache.delete(tx);
    expect(cache.has(tx, ScriptFlag.P2SH)).toBe(false);
  });

  it('keeps flags when a subset is added, and does not merge flags that were not checked together', () => {
    const cache = new ScriptCache();
    const { tx } = check(1);
    const { P2SH, WITNESS, NULLFAIL } = ScriptFlag;
    cache.add(tx, ScriptFlag.NONE);
    expect(cache.has(tx, ScriptFlag.NONE)).toBe(true);
    cache.add(tx, P2SH | WITNESS);
    cache.add(tx, P2SH);
    expect(cache.has(tx, P2SH | WITNESS)).toBe(true);
    cache.add(tx, P2SH | NULLFAIL);
    expect(cache.has(tx, P2SH | WITNESS | NULLFAIL)).toBe(false);
    expect(cache.has(tx, P2SH | NULLFAIL)).toBe(true);
  });

  it('does not apply to rules that were not active when it was filled', () => {
    const verifier = new ScriptVerifier({ threads: 0 }, clock, silentLogger);
    const { P2SH, CHECKLOCKTIMEVERIFY } = ScriptFlag;
    // OP_1 OP_CHECKLOCKTIMEVERIFY fails with a final input, if the rule is active.
    const spentOutputs = [{ value: 1n, scriptPubKey: Uint8Array.of(0x51, 0xb1) }];
    const locked = { ...check(1), spentOutputs };
    expect(verifier.verifySync([locked], P2SH)).toBeUndefined();
    verifier.cache.add(locked.tx, P2SH);
    expect(verifier.verifySync([locked], P2SH | CHECKLOCKTIMEVERIFY)?.error).toBe('UNSATISFIED_LOCKTIME');
  });

  it('does not carry a result to a height with other rules', async () => {
    const params = { ...regtest, coinbaseMaturity: 1, deployments: { ...regtest.deployments, bip65: { height: 3 } } };
    const chain = await openChain({ params });
    const coinbaseOutputs = [{ value: 1000n, scriptPubKey: Uint8Array.of(0x51, 0xb1) }];
    const [first] = await extend(chain, 1, { coinbaseOutputs, noCommitment: true });
    const locked = spend({
      inputs: [outpoint(first!.transactions[0]!)],
      outputs: [{ value: 1000n, scriptPubKey: OP_TRUE }],
    });
    const plan = { transactions: [locked] };
    expect(chain.checkBlockTemplate(mineBlock(chain.tip, plan))).toBeUndefined();
    expect(chain.scriptCache.has(locked, ScriptFlag.P2SH)).toBe(true);
    await extend(chain, 1);
    const reason = 'mandatory-script-verify-flag-failed (Locktime requirement not satisfied)';
    expect(await chain.acceptBlock(mineBlock(chain.tip, plan))).toMatchObject({ reject: { reason } });
    await chain.close();
  });

  it('lets the verifier skip cached transactions', () => {
    const verifier = new ScriptVerifier({ threads: 0 }, clock, silentLogger);
    const invalid = check(2, 1);
    expect(verifier.verifySync([check(1), invalid], FLAGS)).toMatchObject({ check: { tx: invalid.tx }, inputIndex: 1 });
    verifier.cache.add(invalid.tx, FLAGS);
    expect(verifier.verifySync([check(1), invalid], FLAGS)).toBeUndefined();
  });
});

withThreads(`with threads${isBuilt ? '' : ' (skipped: not built)'}`, () => {
  it('the first invalid input is found, whichever thread verifies it', async () => {
    const verifier = new ScriptVerifier({ threads: 2 }, clock, silentLogger);
    // Transactions larger than a chunk, smaller than one, and many in one chunk.
    const good = [check(1000), ...Array.from({ length: 300 }, () => check(2)), check(64), check(63)];
    for (let round = 0; round < 4; round++) {
      expect(await verify(verifier, good)).toBeUndefined();
      const bad = check(1000, 501, 900);
      expect(await verify(verifier, [...good, bad, check(10, 0)])).toMatchObject({
        check: { tx: bad.tx },
        inputIndex: 501,
        error: 'EVAL_FALSE',
      });
    }
    await verifier.close();
  });

  it('they verify several blocks at once, and skip cancelled ones', async () => {
    const verifier = new ScriptVerifier({ threads: 2 }, clock, silentLogger);
    const bad = check(200, 150);
    for (let round = 0; round < 4; round++) {
      const first = verifier.start([check(1000)], FLAGS);
      const second = verifier.start([check(1000), bad], FLAGS);
      const third = verifier.start([check(1000)], FLAGS);
      third.cancel();
      expect(await first.result()).toBeUndefined();
      expect(await second.result()).toMatchObject({ check: { tx: bad.tx }, inputIndex: 150 });
    }
    await verifier.close();
  });

  it('they take part once started, and chunks of a worker that exits are verified again', async () => {
    const workers = new ScriptWorkers(1, clock, silentLogger);
    expect(workers.isUsable).toBe(true);
    // Only the worker takes these chunks.
    const work = () => shareChunks(splitIntoChunks([check(128)]), FLAGS);
    await waitFor(
      async () => {
        const shared = work();
        await workers.help(shared);
        return states(shared).every((state) => state === ChunkState.VALID);
      },
      { timeoutMs: 10_000, describe: () => 'a worker that takes part' },
    );
    const helped = [workers.help(work()), workers.help(work())];
    await workers.close();
    await Promise.all(helped);

    const verifier = new ScriptVerifier({ threads: 1 }, clock, silentLogger);
    const many = Array.from({ length: 1000 }, () => check(2));
    for (let round = 0; round < 5; round++) {
      const verified = verify(verifier, [...many, check(1, 0)]);
      await verifier.close();
      expect(await verified).toMatchObject({ inputIndex: 0, error: 'EVAL_FALSE' });
    }
  });
});

describeVectors('a real block in threads', 'blocks/block928831-undo.raw', () => {
  it.skipIf(!isBuilt && !requireOracles)('is valid, and invalid with one amount changed', async () => {
    const block = realBlock('block928831');
    const coins = spentCoins(block, 'block928831');
    const params = chainParams('test');
    const prev = parentOf(block, 928831, params);
    const result = connectBlock(block, prev, { peek: (key) => coins.get(key) }, params);
    if (result.reject) throw new Error(result.reject.reason);
    const checks = result.scriptChecks.slice(0, 60);
    const at = checks.findIndex(({ tx }, i) => i > 30 && tx.hasWitness);
    const changed = checks.map((one, i) => {
      if (i !== at) return one;
      return { ...one, spentOutputs: one.spentOutputs.map((output) => ({ ...output, value: output.value + 1n })) };
    });
    const verifier = new ScriptVerifier({ threads: 1 }, clock, silentLogger);
    expect(await verify(verifier, checks, result.flags)).toBeUndefined();
    expect((await verify(verifier, changed, result.flags))?.check.tx).toBe(checks[at]!.tx);
    await verifier.close();
  });
});
