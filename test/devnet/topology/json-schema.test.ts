import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { topologyFileSchema } from '../../../src/devnet/topology/topology-schema.ts';

const published = '../../../topology.schema.json';

/** Contents of files: whether a schema alone accepts them. What options say together is not checked by it. */
const contents: readonly [unknown, boolean][] = [
  [{}, true],
  [{ $schema: './topology.schema.json', nodes: 20, shape: 'random', seed: 7 }, true],
  [{ nodes: [{ name: 'a', role: 'light', accounts: [0, 999], rpc: 65_535 }, { rpc: true }, {}] }, true],
  [{ nodes: [{ kind: 'bitcoind', path: './bitcoind' }, { kind: 'pier' }] }, true],
  [{ links: [{ between: ['a', 'b'], latency: 3_600_000, jitter: 0.5, loss: 0.99, bandwidth: 1e9 }] }, true],
  [{ conditions: { loss: 0 }, accounts: 0, balance: '0.00000001', mnemonic: 'x', network: 'classroom' }, true],
  [{ engine: 'processes', dataDir: 'x', balance: '.5' }, true],
  [[], false],
  [null, false],
  [{ node: 3 }, false],
  [{ $schema: 3 }, false],
  [{ nodes: 0 }, false],
  [{ nodes: 1.5 }, false],
  [{ nodes: 1_001 }, false],
  [{ nodes: '3' }, false],
  [{ nodes: [] }, false],
  [{ nodes: [3] }, false],
  [{ nodes: [{ name: '1st' }] }, false],
  [{ nodes: [{ name: 'a'.repeat(33) }] }, false],
  [{ nodes: [{ role: 'seed' }] }, false],
  [{ nodes: [{ accounts: [-1] }] }, false],
  [{ nodes: [{ accounts: 1 }] }, false],
  [{ nodes: [{ rpc: 65_536 }] }, false],
  [{ nodes: [{ rpc: null }] }, false],
  [{ nodes: [{ kind: 'btcd' }] }, false],
  [{ nodes: [{ path: '' }] }, false],
  [{ nodes: [{ color: 'red' }] }, false],
  [{ shape: 'tree' }, false],
  [{ links: [{}] }, false],
  [{ links: [{ between: ['a'] }] }, false],
  [{ links: [{ between: ['a', 'b', 'c'] }] }, false],
  [{ links: [{ between: ['a', ''] }] }, false],
  [{ links: [{ between: ['a', 'b'], loss: 1 }] }, false],
  [{ links: [{ between: ['a', 'b'], delay: 1 }] }, false],
  [{ conditions: { latency: -1 } }, false],
  [{ conditions: { jitter: 3_600_001 } }, false],
  [{ conditions: { bandwidth: '1' } }, false],
  [{ seed: 2 ** 32 }, false],
  [{ accounts: 1_001 }, false],
  [{ balance: 50 }, false],
  [{ balance: '1,5' }, false],
  [{ balance: '0.000000001' }, false],
  [{ mnemonic: '' }, false],
  [{ network: 1 }, false],
  [{ engine: 'docker' }, false],
  [{ dataDir: '' }, false],
];

it('topology.schema.json equals the one generated from the schema', async () => {
  const generated = `${JSON.stringify(z.toJSONSchema(topologyFileSchema, { io: 'input' }), null, 2)}\n`;
  await expect(generated, 'out of date: run `npm run docs:topology`').toMatchFileSnapshot(published);
});

it('topology.schema.json accepts and refuses the same contents as the schema', () => {
  const json = z.fromJSONSchema(JSON.parse(readFileSync(new URL(published, import.meta.url), 'utf8')));
  for (const [content, isValid] of contents) {
    const text = JSON.stringify(content);
    expect([text, topologyFileSchema.safeParse(content).success]).toEqual([text, isValid]);
    expect([text, json.safeParse(content).success]).toEqual([text, isValid]);
  }
});

it('leaves to the schema how many bitcoins there are', () => {
  const json = z.fromJSONSchema(JSON.parse(readFileSync(new URL(published, import.meta.url), 'utf8')));
  const content = { balance: '21000001' };
  expect([json.safeParse(content).success, topologyFileSchema.safeParse(content).success]).toEqual([true, false]);
});
