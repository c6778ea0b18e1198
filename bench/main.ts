import { parseArgs } from 'node:util';
import { benchSync } from './sync.ts';
import { benchTransport } from './transport.ts';

/** `npm run bench [-- PART...] [--rounds N] [--seed N] [--blocks N]`; without a part, all of them. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    blocks: { type: 'string', default: '30' },
  },
});

const parts: Readonly<Record<string, () => Promise<void>>> = {
  sync: () =>
    benchSync({ seed: Number(values.seed), rounds: Number(values.rounds), fullBlocks: Number(values.blocks) }),
  transport: () => benchTransport({ rounds: Number(values.rounds) }),
};

const names = positionals.length > 0 ? positionals : Object.keys(parts);
for (const name of names) {
  const part = parts[name];
  if (!part) {
    console.error(`There is no benchmark '${name}'; there are: ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
  await part();
}
