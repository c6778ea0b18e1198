import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { NetworkMethods } from '../../src/control/server/network-methods.ts';
import { ANSWER_MS } from '../../src/devnet/network/deadline.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('the status has what the other nodes answer, and says which one does not', async () => {
  const never = new Promise<never>(() => {});
  const common = { role: 'full', status: 'running', rpc: undefined, p2p: undefined };
  const view = { height: 7, tip: 'ab'.repeat(32), mempool: new Set<string>(), peers: 1 };
  const network = {
    nodes: [
      { ...common, name: 'a', view: async () => view, call: async () => [] },
      { ...common, name: 'b', view: () => never, call: () => never },
    ],
    time: { now: () => 0 },
    mining: 'manual',
    fees: { countOthers: (mempool: ReadonlySet<string>) => mempool.size },
  } as unknown as NodeNetwork;
  const options = {
    name: 'net',
    chain: 'regtest',
    mnemonic: null,
    address: regtest.address,
    control: () => null,
    page: () => null,
    down: () => {},
  };
  const answered = new NetworkMethods(network, options).handle('status', {} as never, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(ANSWER_MS);
  expect(await answered).toMatchObject({
    nodes: [
      { name: 'a', status: 'running', answers: true, height: 7, mempool: 0, balance: '0.00000000' },
      { name: 'b', status: 'running', answers: false, height: null, tip: null, mempool: null, balance: null },
    ],
  });
});
