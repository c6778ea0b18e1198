import { expect, it } from 'vitest';
import { encodeFilter } from '../../src/proofs/block-filter.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import { Notes, ServedChain, Server, startLight } from './support/light-network.ts';

const OURS = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7));
const net = new TestNetwork();
const payUs = { coinbaseOutputs: [{ value: 1n, scriptPubKey: OURS }] };
const plans = (count: number, ...paid: number[]) =>
  Array.from({ length: count }, (_, i) => (paid.includes(i + 1) ? payUs : {}));
void mineBlock;

it('finds what pays it, and fetches nothing else', async () => {
  const chain = ServedChain.of(plans(2500, 100, 1999, 2300));
  const server = await Server.start(net, 4000, chain);
  const notes = new Notes([OURS]);
  const light = await startLight(net, notes, [server]);
  await net.until(() => notes.tip?.height === 2500);
  expect(notes.blocks).toEqual([100, 1999, 2300]);
  expect(light.parts.scanner.counts).toEqual({ filters: 2500, blocks: 3, falsePositives: 0 });
  expect(light.chain.filterHeight).toBe(2500);
  await light.stop();
});

it('finds out who leaves out a payment', async () => {
  const chain = ServedChain.of(plans(300, 100, 250));
  const omitted = (height: number, truth: Uint8Array) =>
    height === 250 ? encodeFilter(chain.blocks[250]!.hash, []) : truth;
  for (const order of [0, 1]) {
    const honest = await Server.start(net, 4100 + 10 * order, chain);
    const liar = await Server.start(net, 4101 + 10 * order, chain, { filter: omitted });
    const notes = new Notes([OURS]);
    const light = await startLight(net, notes, order === 0 ? [honest, liar] : [liar, honest]);
    await net.until(() => notes.tip?.height === 300);
    expect(notes.blocks).toEqual([100, 250]);
    await net.until(() => light.disconnects.length > 0);
    expect(light.disconnects).toEqual([expect.stringMatching(/is wrong: it lacks an output/)]);
    expect([honest.isConnected, liar.isConnected]).toEqual([true, false]);
    await light.stop();
  }
});
