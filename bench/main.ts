import { parseArgs } from 'node:util';
import { benchEvents } from './events.ts';
import { benchNetwork } from './network.ts';
import { benchPage } from './page.ts';
import { benchPayment } from './payment.ts';
import { benchSync } from './sync.ts';
import { benchTransport } from './transport.ts';

/** `npm run bench [-- NAME...] [--rounds N] [--seed N] [--blocks N] [--seconds N]`; runs all benchmarks if none is named. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    blocks: { type: 'string', default: '30' },
    seconds: { type: 'string' },
  },
});

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  sync: () =>
    benchSync({ seed: Number(values.seed), rounds: Number(values.rounds), fullBlocks: Number(values.blocks) }),
  payment: () => benchPayment({ rounds: Number(values.rounds) }),
  network: () => benchNetwork({ rounds: Number(values.rounds) }),
  events: () => benchEvents({ seconds: Number(values.seconds ?? 600), hasNodes: true }),
  'event-server': () => benchEvents({ seconds: Number(values.seconds ?? 600), hasNodes: false }),
  page: () => benchPage({ seconds: Number(values.seconds ?? 20) }),
  transport: () => benchTransport({ rounds: Number(values.rounds) }),
};

const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
for (const name of names) {
  const run = benchmarks[name];
  if (!run) {
    console.error(`Unknown benchmark '${name}'. Use one of: ${Object.keys(benchmarks).join(', ')}.`);
    process.exit(2);
  }
  await run();
}
