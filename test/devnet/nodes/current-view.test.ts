import { expect, it } from 'vitest';
import type { NodeBackend } from '../../../src/devnet/nodes/node-backend.ts';
import { currentView, NO_VIEW } from '../../../src/devnet/nodes/system/process-backend.ts';

const last = { ...NO_VIEW, height: 7 };

/** A running node whose next calls fail after `before` has run; later ones answer. */
function failing(before: (node: { status: string; pid: number }) => void) {
  let calls = 0;
  const node = {
    ...{ role: 'full', status: 'running', pid: 1 },
    call: async (method: string) => {
      if (calls++ === 0) {
        before(node);
        throw new Error('read ECONNRESET');
      }
      if (method === 'getblockchaininfo') return { blocks: 9, headers: 9, bestblockhash: 'hash' };
      return [];
    },
  };
  return node as unknown as NodeBackend;
}

it('is that of the process that has replaced the one asked', async () => {
  const node = failing((changed) => {
    changed.pid = 2;
  });
  expect(await currentView(node, last)).toEqual({ height: 9, tip: 'hash', mempool: new Set(), peers: 0 });
});

it('is empty if the process ends while it answers, and the last one if it is paused', async () => {
  const ending = failing((changed) => {
    changed.status = 'stopped';
  });
  expect(await currentView(ending, last)).toEqual(NO_VIEW);
  const paused = failing((changed) => {
    changed.status = 'paused';
  });
  expect(await currentView(paused, last)).toEqual(last);
});

it('fails with what a running process answers', async () => {
  await expect(
    currentView(
      failing(() => {}),
      last,
    ),
  ).rejects.toThrow('ECONNRESET');
});
