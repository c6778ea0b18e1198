import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connectBlock } from '../../src/chain/connect.ts';
import { ScriptCache } from '../../src/chain/script-cache.ts';
import { decodeRanges, encodeRanges, type ScriptCheck, wholeRange } from '../../src/chain/script-check.ts';
import { ScriptVerifier } from '../../src/chain/script-verifier.ts';
import { ScriptWorkers, type SharedWork } from '../../src/chain/script-workers.ts';
import type { HeaderContext } from '../../src/consensus/header-context.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS, ScriptFlag } from '../../src/script/flags.ts';
import { realBlock, spentCoins } from '../consensus/support/blocks.ts';
import { requireOracles } from '../support/oracles.ts';
import { describeVectors } from '../support/vectors.ts';
import { waitFor } from '../support/wait.ts';
import { OP_TRUE, spend } from './support/builder.ts';

const clock = new VirtualClock();
// Threads run what the build has made.
const isBuilt = existsSync(new URL('../../dist/chain/script-worker.js', import.meta.url));
const withThreads = isBuilt || requireOracles ? describe : describe.skip;

/** A check of `inputs` inputs that are valid, save those that spend OP_0. */
function check(inputs: number, ...invalid: readonly number[]): ScriptCheck {
  const outpoints = Array.from({ length: inputs }, (_, vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
  const spentOutputs = outpoints.map(({ vout }) => ({
    value: 1n,
    scriptPubKey: invalid.includes(vout) ? Uint8Array.of(0) : OP_TRUE,
  }));
  return { tx: spend({ inputs: outpoints, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] }), spentOutputs };
}

describe('ranges of inputs', () => {
  it('survive the way to another thread', () => {
    const ranges = [wholeRange(check(3)), { ...check(300), first: 7, end: 290 }];
    const back = decodeRanges(encodeRanges(ranges));
    expect(back.map(({ tx, first, end }) => [tx.txidHex, first, end])).toEqual(
      ranges.map(({ tx, first, end }) => [tx.txidHex, first, end]),
    );
    expect(back.map(({ spentOutputs }) => spentOutputs)).toEqual(ranges.map(({ spentOutputs }) => spentOutputs));
  });
});

describe('the cache of valid scripts', () => {
  it('holds for the flags that were checked, and fewer', () => {
    const cache = new ScriptCache();
    const { tx } = check(1);
    cache.add(tx, ScriptFlag.P2SH | ScriptFlag.WITNESS);
    expect(cache.has(tx, ScriptFlag.P2SH)).toBe(true);
    expect(cache.has(tx, ScriptFlag.P2SH | ScriptFlag.TAPROOT)).toBe(false);
    cache.delete(tx);
    expect(cache.has(tx, ScriptFlag.P2SH)).toBe(false);
  });

  it('spares the verifier what is in it', () => {
    const verifier = new ScriptVerifier({ threads: 0 }, clock, silentLogger);
    const invalid = check(2, 1);
    expect(verifier.verifySync([check(1), invalid], FLAGS)).toMatchObject({ check: invalid, inputIndex: 1 });
    verifier.cache.add(invalid.tx, FLAGS);
    expect(verifier.verifySync([check(1), invalid], FLAGS)).toBeUndefined();
  });
});

withThreads(`with threads${isBuilt ? '' : ' (skipped: not built)'}`, () => {
  it('the first input that fails is found, whoever finds it', async () => {
    const verifier = new ScriptVerifier({ threads: 2 }, clock, silentLogger);
    // Larger than a chunk, smaller, and many in one.
    const good = [check(1000), ...Array.from({ length: 300 }, () => check(2)), check(64), check(63)];
    for (let round = 0; round < 4; round++) {
      expect(await verifier.verify(good, FLAGS)).toBeUndefined();
      const bad = check(1000, 501, 900);
      expect(await verifier.verify([...good, bad, check(10, 0)], FLAGS)).toMatchObject({
        check: bad,
        inputIndex: 501,
        error: 'EVAL_FALSE',
      });
    }
    await verifier.close();
  });

  it('they take part once they have started, and what is lost with one is done again', async () => {
    const workers = new ScriptWorkers(1, clock, silentLogger);
    expect(workers.isUsable).toBe(true);
    let done = 0;
    let lost = 0;
    const work = (items: number): SharedWork => ({
      flags: FLAGS,
      next: () => {
        if (items-- <= 0) return undefined;
        return { ranges: [wholeRange(check(64))], done: () => done++, lost: () => lost++ };
      },
    });
    await waitFor(
      async () => {
        await workers.help(work(3));
        return done > 0;
      },
      { timeoutMs: 10_000, describe: () => 'a thread that takes part' },
    );
    expect(done).toBe(3);
    const helped = workers.help(work(100));
    await workers.close();
    await helped;
    expect(lost).toBe(1);

    const verifier = new ScriptVerifier({ threads: 1 }, clock, silentLogger);
    const many = Array.from({ length: 1000 }, () => check(2));
    for (let round = 0; round < 5; round++) {
      const verified = verifier.verify([...many, check(1, 0)], FLAGS);
      await verifier.close();
      expect(await verified).toMatchObject({ inputIndex: 0, error: 'EVAL_FALSE' });
    }
  });
});

describeVectors('a real block in threads', 'blocks/block928831-undo.raw', () => {
  it.skipIf(!isBuilt && !requireOracles)('is valid, and with one amount changed is not', async () => {
    const block = realBlock('block928831');
    const coins = spentCoins(block, 'block928831');
    const params = chainParams('test');
    const { prevHash, time, bits, version } = block.header;
    const prev: HeaderContext = {
      hash: prevHash,
      height: 928830,
      time,
      bits,
      version,
      prev: undefined,
      ancestor: () => ({ ...prev, hash: params.bip34Hash! }),
      medianTimePast: () => time,
    };
    const result = connectBlock(block, prev, { peek: (key) => coins.get(key) }, params);
    if (result.reject) throw new Error(result.reject.reason);
    const checks = result.scriptChecks.slice(0, 60);
    const at = checks.findIndex(({ tx }, i) => i > 30 && tx.hasWitness);
    const changed = checks.map((one, i) => {
      if (i !== at) return one;
      return { ...one, spentOutputs: one.spentOutputs.map((output) => ({ ...output, value: output.value + 1n })) };
    });
    const verifier = new ScriptVerifier({ threads: 1 }, clock, silentLogger);
    expect(await verifier.verify(checks, result.flags)).toBeUndefined();
    expect((await verifier.verify(changed, result.flags))?.check.tx).toBe(checks[at]!.tx);
    await verifier.close();
  });
});
