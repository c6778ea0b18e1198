import { expect, it } from 'vitest';
import { describeBitcoind } from '../support/bitcoind.ts';
import { Judges } from './differential/judges.ts';
import { World } from './differential/world.ts';

const ROUNDS = Number(process.env.PIER_FUZZ_ROUNDS ?? 300);
const SEED = Number(process.env.PIER_FUZZ_SEED ?? 1);

/** Rounds of one world: what has been refused is remembered, so that long ones become slow. */
const WORLD_ROUNDS = 300;
/** Seconds; a little after regtest's genesis, so that blocks may have nearly any time. */
const START = 1_296_688_602 + 1_000_000;

describeBitcoind('consensus next to bitcoind', () => {
  it('has the same verdict and reason for generated blocks and transactions', { timeout: ROUNDS * 5000 }, async () => {
    const verdicts = new Map<string, number>();
    for (let done = 0, seed = SEED; done < ROUNDS; done += WORLD_ROUNDS, seed++) {
      const judges = await Judges.start(START);
      try {
        const world = new World(seed, judges);
        await world.grow();
        for (let round = Math.min(WORLD_ROUNDS, ROUNDS - done); round > 0; round--) await world.round();
        await world.compareCoins();
        for (const [verdict, count] of world.verdicts) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + count);
      } finally {
        await judges.stop();
      }
    }
    if (process.env.PIER_FUZZ_ROUNDS) report(verdicts);
    expect(verdicts.size).toBeGreaterThan(20);
  });
});

/** Tells whoever runs it by hand what has been seen. */
function report(verdicts: ReadonlyMap<string, number>): void {
  const lines = [...verdicts].sort((a, b) => b[1] - a[1]).map(([verdict, count]) => `${count} ${verdict}`);
  const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
  console.log([`${total} verdicts`, ...lines].join('\n'));
}
