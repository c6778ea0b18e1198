import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { NetworkSnapshots } from '../../../src/devnet/network/state/network-snapshots.ts';
import type { Engine } from '../../../src/devnet/nodes/engine.ts';
import { planNetwork } from '../../../src/devnet/topology/network-plan.ts';
import { findNetwork } from '../../../src/node/networks.ts';
import { NetworkClock } from '../../../src/testing/network-clock.ts';

it('writes the file beside the nodes once for many changes, and not after the network has closed', async () => {
  const plan = planNetwork({ nodes: 1 }, findNetwork);
  const keep = vi.fn();
  const snapshots = new NetworkSnapshots({
    ...{
      plan: () => plan,
      engine: { keep } as unknown as Engine,
      clock: new NetworkClock(),
    },
    ...{ links: [], files: undefined, saved: undefined, seeds: undefined },
    hooks: {
      settings: () => ({ mining: 'manual' }),
      ...{ synced: async () => {}, restoring: async () => {}, clockChanged: () => {}, restored: async () => {} },
    },
  });
  snapshots.keepSoon();
  snapshots.keepSoon();
  expect(keep).not.toHaveBeenCalled();
  await setImmediate();
  await setImmediate();
  expect(keep).toHaveBeenCalledOnce();
  expect(keep.mock.calls[0]![0]).toMatchObject({ mining: 'manual', links: [], topology: { accounts: 10 } });
  // What fails is tried again at the next change.
  keep.mockImplementationOnce(() => {
    throw new Error('the disk is full');
  });
  snapshots.keepSoon();
  await setImmediate();
  await setImmediate();
  snapshots.keepSoon();
  await setImmediate();
  await setImmediate();
  expect(keep).toHaveBeenCalledTimes(3);
  snapshots.close();
  snapshots.keepSoon();
  await setImmediate();
  await setImmediate();
  expect(keep).toHaveBeenCalledTimes(3);
  snapshots.keep();
  expect(keep).toHaveBeenCalledTimes(4);
});

it('is of one plan, though a node is added while it is taken', async () => {
  const [before, after] = [1, 2].map((nodes) => planNetwork({ nodes }, findNetwork));
  let plan = before!;
  const restore = vi.fn();
  const capture = vi.fn(async () => {
    const nodes = plan.nodes.map(() => 'state');
    plan = after!;
    return nodes;
  });
  const snapshots = new NetworkSnapshots({
    ...{ plan: () => plan, engine: { capture, restore } as unknown as Engine, clock: new NetworkClock() },
    ...{ links: [], files: undefined, saved: undefined, seeds: undefined },
    hooks: {
      settings: () => ({ mining: 'manual' }),
      ...{ synced: async () => {}, restoring: async () => {}, clockChanged: () => {}, restored: async () => {} },
    },
  });
  await snapshots.revert(await snapshots.take());
  expect(restore.mock.calls).toEqual([[['state', 'state']]]);
});
