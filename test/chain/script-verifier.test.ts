import { describe, expect, it } from 'vitest';
import { connectBlock } from '../../src/chain/connect/connect-block.ts';
import { ScriptCache } from '../../src/chain/scripts/script-cache.ts';
import {
  type FailedCheck,
  RangeVerifier,
  type ScriptCheck,
  splitIntoChunks,
} from '../../src/chain/scripts/script-check.ts';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import {
  ChunkState,
  cancelChunks,
  chunkCount,
  chunkFailure,
  chunkState,
  isComplete,
  rangesOf,
  readCheck,
  type SharedChunks,
  shareChunks,
  shareChunksInSteps,
  spentMs,
  take,
  takeCostliest,
  verifyChunk,
  verifySharedChunks,
} from '../../src/chain/scripts/shared-chunks.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { atOnce } from '../../src/platform/slices.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS, ScriptFlag } from '../../src/script/flags.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { requireOracles } from '../support/oracles.ts';
import { parentOf, realBlock, spentCoins } from '../support/real-blocks.ts';
import { hasScriptThreads } from '../support/script-threads.ts';
import { describeVectors } from '../support/vectors.ts';
import { waitFor } from '../support/wait.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { extend, openChain } from './support/chain.ts';

const clock = new VirtualClock();
const withThreads = hasScriptThreads || requireOracles ? describe : describe.skip;

/** Priced at one signature check, as the branch that is not executed has one. Succeeds. */
const PRICED = Uint8Array.of(0x00, 0x63, 0xac, 0x68, 0x51);
/** Priced at 40 signature checks, and succeeds. */
const COSTLY = Uint8Array.of(0x00, 0x63, 0xae, 0xae, 0x68, 0x51);
const INVALID = Uint8Array.of(0x00, 0x63, 0xac, 0x68, 0x00);

/** Returns a check whose inputs spend these scripts. */
function checkOf(...scripts: readonly Uint8Array[]): ScriptCheck {
  const outpoints = scripts.map((_, vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
  const spentOutputs = scripts.map((scriptPubKey) => ({ value: 1n, scriptPubKey }));
  return { tx: spend({ inputs: outpoints, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }), spentOutputs };
}

/** Returns a check with `inputs` inputs, of which the numbers in `invalid` fail. */
function check(inputs: number, ...invalid: readonly number[]): ScriptCheck {
  return checkOf(...Array.from({ length: inputs }, (_, i) => (invalid.includes(i) ? INVALID : PRICED)));
}

function share(checks: readonly ScriptCheck[]): SharedChunks {
  return shareChunks(checks, splitIntoChunks(checks), FLAGS);
}

/** Returns the states of all chunks. */
function states(shared: SharedChunks): number[] {
  return Array.from({ length: chunkCount(shared) }, (_, chunk) => chunkState(shared, chunk));
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
    const inputs = chunks.flatMap(({ ranges }) =>
      ranges.flatMap(({ position, first, end }) =>
        Array.from({ length: end - first }, (_, i) => `${position}:${first + i}`),
      ),
    );
    expect(inputs).toEqual(checks.flatMap(({ tx }, position) => tx.inputs.map((_, i) => `${position}:${i}`)));

    const shared = shareChunks(checks, chunks, FLAGS);
    expect(Array.from(chunks.keys(), (chunk) => [...rangesOf(shared, chunk)])).toEqual(
      chunks.map((each) => each.ranges),
    );
    for (const [position, { tx, spentOutputs }] of checks.entries()) {
      const back = readCheck(shared, shared.bytes.slice(), position);
      expect(back.tx.wtxidHex).toBe(tx.wtxidHex);
      expect(back.spentOutputs).toEqual(spentOutputs);
    }
  });

  it('hold a few milliseconds of work each, and a costly input alone', () => {
    const sizes = (checks: readonly ScriptCheck[]) =>
      splitIntoChunks(checks).map(({ ranges }) => ranges.reduce((sum, { first, end }) => sum + end - first, 0));
    for (const size of sizes([check(3), check(300)]).slice(0, -1)) {
      expect(size).toBeGreaterThan(10);
      expect(size).toBeLessThan(40);
    }
    expect(sizes([checkOf(PRICED, COSTLY, COSTLY, PRICED, PRICED)])).toEqual([1, 1, 1, 2]);
    expect(sizes([checkOf(...Array(300).fill(OP_TRUE))])).toEqual([128, 128, 44]);
  });

  it('have no empty ranges, also where a transaction begins with a chunk', () => {
    const lists = [[check(128), check(128), check(1)], [checkOf(...Array(128).fill(OP_TRUE)), check(3)], [check(300)]];
    for (const checks of lists) {
      const ranges = splitIntoChunks(checks).flatMap((chunk) => chunk.ranges);
      expect(ranges.filter(({ first, end }) => first >= end)).toEqual([]);
      expect(ranges.reduce((sum, { first, end }) => sum + end - first, 0)).toBe(
        checks.reduce((sum, { tx }) => sum + tx.inputs.length, 0),
      );
    }
    expect(splitIntoChunks([])).toEqual([]);
  });

  it('are each taken once, the costliest first, and none after an invalid one', () => {
    const good = share([checkOf(PRICED, COSTLY), check(60)]);
    expect(good.order[0]).toBe(1);
    expect(take(good, 0)).toBe(true);
    expect(take(good, 0)).toBe(false);
    expect(takeCostliest(good)).toBe(1);
    verifySharedChunks(good);
    expect(states(good)).toEqual([
      ChunkState.TAKEN,
      ChunkState.TAKEN,
      ...Array(chunkCount(good) - 2).fill(ChunkState.VALID),
    ]);
    expect(takeCostliest(good)).toBeUndefined();
    expect(isComplete(good)).toBe(false);

    const bad = share([check(100, 50)]);
    const failing = Array.from({ length: chunkCount(bad) }, (_, chunk) => [...rangesOf(bad, chunk)]).findIndex(
      (ranges) => ranges.some(({ first, end }) => first <= 50 && 50 < end),
    );
    verifySharedChunks(bad);
    const expected = states(bad).map((_, chunk) =>
      chunk < failing ? ChunkState.VALID : chunk === failing ? ChunkState.INVALID : ChunkState.OPEN,
    );
    expect(states(bad)).toEqual(expected);
    expect(chunkFailure(bad, failing)).toEqual({ position: 0, inputIndex: 50, error: 'EVAL_FALSE' });
    expect(isComplete(bad)).toBe(true);
    expect(take(bad, failing + 1)).toBe(false);

    const cancelled = share([check(100)]);
    cancelChunks(cancelled);
    verifySharedChunks(cancelled);
    expect(new Set(states(cancelled))).toEqual(new Set([ChunkState.OPEN]));
  });

  it('before an invalid one are verified even if they are cheaper', () => {
    const failingCostly = Uint8Array.of(0x00, 0x63, 0xae, 0xae, 0x68, 0x00);
    const shared = share([checkOf(PRICED, PRICED, INVALID), checkOf(COSTLY, failingCostly, PRICED)]);
    verifySharedChunks(shared);
    expect(states(shared)).toEqual([ChunkState.INVALID, ChunkState.VALID, ChunkState.INVALID, ChunkState.OPEN]);
  });
});

describe('a chunk that a worker verifies', () => {
  it('is given up once it does not matter any more', () => {
    const shared = share([check(20)]);
    const chunk = takeCostliest(shared)!;
    let count = 0;
    const verifyInput = () => {
      if (++count === 2) cancelChunks(shared);
      return undefined;
    };
    verifyChunk(shared, chunk, { verifyInput } as unknown as RangeVerifier);
    expect([count, chunkState(shared, chunk)]).toEqual([2, ChunkState.TAKEN]);
  });

  it('keeps the place and the error of its first failure', () => {
    // OP_VERIFY fails, and OP_RETURN.
    const [verify, opReturn] = [Uint8Array.of(0x00, 0x69), Uint8Array.of(0x6a)];
    const shared = share([check(2), checkOf(PRICED, PRICED, verify, opReturn)]);
    verifySharedChunks(shared);
    const chunk = states(shared).indexOf(ChunkState.INVALID);
    expect(chunkFailure(shared, chunk)).toEqual({ position: 1, inputIndex: 2, error: 'VERIFY' });
  });

  it('returns its valid signatures only if they are asked for', () => {
    const checks = [check(1)];
    const chunks = splitIntoChunks(checks);
    expect(shareChunks(checks, chunks, FLAGS).recordsSignatures).toBe(false);
    expect(atOnce(shareChunksInSteps(checks, chunks, FLAGS)).recordsSignatures).toBe(false);
    expect(shareChunks(checks, chunks, FLAGS, true).recordsSignatures).toBe(true);
  });
});

describe('the time that workers spend', () => {
  it('is that of their chunks', () => {
    const shared = share([check(300)]);
    expect(spentMs(shared)).toBe(0);
    const start = performance.now();
    verifySharedChunks(shared);
    expect(spentMs(shared)).toBeGreaterThan(0);
    // Rounded to microseconds for each chunk.
    expect(spentMs(shared)).toBeLessThan(performance.now() - start + 1);
  });
});

describe('a verifier of ranges', () => {
  it('asks for a transaction once for successive inputs', () => {
    const checks = [check(3), check(2, 1)];
    const asked: number[] = [];
    const verifier = new RangeVerifier((position) => {
      asked.push(position);
      return checks[position]!;
    }, FLAGS);
    const inputs = [
      [1, 0],
      [1, 1],
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 1],
    ] as const;
    expect(inputs.map(([position, input]) => verifier.verifyInput(position, input))).toEqual([
      undefined,
      'EVAL_FALSE',
      undefined,
      undefined,
      undefined,
      'EVAL_FALSE',
    ]);
    expect(asked).toEqual([1, 0, 1]);
  });
});

describe('ScriptCache', () => {
  it('has no transaction that was not added, whatever the flags', () => {
    const cache = new ScriptCache();
    cache.add(check(1).tx, FLAGS);
    expect(cache.has(check(2).tx, ScriptFlag.NONE)).toBe(false);
    expect(cache.has(check(1).tx, ScriptFlag.NONE)).toBe(true);
  });

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
    const reason = 'block-script-verify-flag-failed (Locktime requirement not satisfied)';
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

withThreads(`with threads${hasScriptThreads ? '' : ' (skipped: not built)'}`, () => {
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
    const work = () => share([check(128)]);
    await waitFor(
      async () => {
        const shared = work();
        await workers.help(shared, 'ready-only');
        return states(shared).every((state) => state === ChunkState.VALID);
      },
      { timeoutMs: 10_000, describe: () => 'a worker that takes part' },
    );
    const helped = [workers.help(work(), 'ready-only'), workers.help(work(), 'ready-only')];
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
  it.skipIf(!hasScriptThreads && !requireOracles)('is valid, and invalid with one amount changed', async () => {
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
