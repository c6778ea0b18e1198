import { expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { formatMoney } from '../../src/primitives/amount.ts';
import { Block } from '../../src/primitives/block.ts';
import { mineBlock, outpoint, sealBlock, spend } from '../chain/support/builder.ts';
import { describeBitcoind } from '../support/bitcoind.ts';
import { NodePair } from './differential/node-pair.ts';
import { longRunSeeds } from './differential/seeds.ts';
import { World } from './differential/world.ts';

const { PIER_FUZZ_ROUNDS, PIER_FUZZ_SEED } = process.env;
/** Rounds per seed. */
const ROUNDS = Number(PIER_FUZZ_ROUNDS ?? 150);
const SEEDS = PIER_FUZZ_SEED !== undefined ? [Number(PIER_FUZZ_SEED)] : PIER_FUZZ_ROUNDS ? longRunSeeds : [1];

/** Rounds per world. Both nodes remember every rejected block, so that longer worlds become slow. */
const WORLD_ROUNDS = 300;
/** Mock time in seconds, some days after regtest's genesis, which leaves a wide range of valid block times. */
const START = 1_296_688_602 + 1_000_000;

/** A standard output script (P2WPKH). */
const STANDARD = Uint8Array.of(0, 20, ...new Uint8Array(20));

describeBitcoind('consensus, compared with bitcoind', () => {
  it.each(SEEDS)(
    'gives the same verdict and reason for generated blocks and transactions (seed %i)',
    {
      timeout: ROUNDS * 5000,
    },
    async (firstSeed) => {
      const verdicts = new Map<string, number>();
      for (let done = 0, seed = firstSeed; done < ROUNDS; done += WORLD_ROUNDS, seed++) {
        const pair = await NodePair.start(START);
        try {
          const world = new World(seed, pair);
          await world.grow();
          for (let round = Math.min(WORLD_ROUNDS, ROUNDS - done); round > 0; round--) await world.round();
          await world.compareCoins();
          for (const [verdict, count] of world.verdicts) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + count);
        } finally {
          await pair.stop();
        }
      }
      if (PIER_FUZZ_ROUNDS) report(firstSeed, verdicts);
      expect(verdicts.size).toBeGreaterThan(20);
    },
  );

  it('agrees on cases that earlier, longer runs found', async () => {
    const pair = await NodePair.start(START);
    try {
      const both = async (method: string, ...params: unknown[]) => {
        const { ours, theirs } = await pair.call(method, ...params);
        expect(ours).toEqual(theirs);
        return ours;
      };
      const hex = ({ header, transactions }: Block) => toHex(new Block(header, transactions).encode());
      const { chain } = pair.pier;

      // Trailing bytes after a block or a header are ignored.
      const first = mineBlock(chain.tip);
      expect(await both('submitblock', `${hex(first)}00`)).toEqual({ result: null });
      const second = mineBlock(chain.tip);
      expect(await both('submitheader', `${toHex(second.header.encode())}00`)).toEqual({ result: null });
      const easy = sealBlock(second.transactions, { ...second.header, bits: 0x207f_fffe });
      expect(await both('submitheader', toHex(easy.header.encode()))).toEqual({ error: 'bad-diffbits' });

      // `null`: a connected block is valid, even if an invalid block after it makes the node return to the old tip.
      for (const tag of [1, 2]) await both('submitblock', hex(mineBlock(chain.tip, { tag })));
      const third = mineBlock({ ...second.header, hash: second.hash, height: 2 }, { tag: 3 });
      const fourth = mineBlock({ ...third.header, hash: third.hash, height: 3 }, { tag: 4, fees: 1n });
      for (const { header } of [third, fourth]) await both('submitheader', toHex(header.encode()));
      for (const block of [fourth, third])
        expect(await both('submitblock', hex(block))).toEqual({ result: 'inconclusive' });
      const { tip } = chain;
      expect(await both('submitblock', hex(second))).toEqual({ result: null });
      expect(chain.tip).toBe(tip);

      // Missing inputs have no reject details; amounts in details have no trailing zeros.
      const orphan = spend({
        inputs: [outpoint(fourth.transactions[0]!)],
        outputs: [{ value: 1000n, scriptPubKey: STANDARD }],
      });
      const { ours, theirs } = await pair.call('testmempoolaccept', [toHex(orphan.encode())]);
      expect(
        [ours, theirs].map((answer) => 'result' in answer && 'reject-details' in (answer.result as [object])[0]),
      ).toEqual([false, false]);
      expect(formatMoney(1880n)).toBe('0.0000188');
    } finally {
      await pair.stop();
    }
  });
});

/** Prints the number of each verdict, for runs with PIER_FUZZ_ROUNDS. */
function report(seed: number, verdicts: ReadonlyMap<string, number>): void {
  const lines = [...verdicts].sort((a, b) => b[1] - a[1]).map(([verdict, count]) => `${count} ${verdict}`);
  const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
  console.log([`seed ${seed}: ${total} verdicts`, ...lines].join('\n'));
}
