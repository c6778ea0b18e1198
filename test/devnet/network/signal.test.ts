import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { tempDir } from '../../support/temp-dir.ts';

const closed = { code: 'network-closed' };

describe.each(engineNames)('the signal of a network with the engine %s', { timeout: 120_000 }, (engine) => {
  it('closes everything when it aborts', async () => {
    const controller = new AbortController();
    const network = await createNetwork({ engine, nodes: 2, accounts: 0, signal: controller.signal });
    const waiting = expect(network.node('node1').reached(1_000)).rejects.toMatchObject(closed);
    controller.abort();
    await waiting;
    await network.close();
    expect(network.nodes.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
  });

  it('ends the creation with its reason', async () => {
    const reason = new Error('no more');
    const { signal } = new AbortController();
    const before = AbortSignal.abort(reason);
    await expect(createNetwork({ engine, nodes: 1, signal: before })).rejects.toBe(reason);
    const controller = new AbortController();
    const creating = expect(createNetwork({ engine, nodes: 2, signal: controller.signal })).rejects.toBe(reason);
    controller.abort(reason);
    await creating;

    const network = await createNetwork({ engine, nodes: 1, accounts: 0, signal });
    const state = join(tempDir('signal'), 'network.state');
    await network.save(state);
    await network.close();
    await expect(createNetwork({ engine, state, signal: before })).rejects.toBe(reason);
    const again = await createNetwork({ engine, state, signal });
    await again.close();
  });
});

it('refuses a signal that is none', async () => {
  await expect(createNetwork({ signal: true as unknown as AbortSignal })).rejects.toMatchObject({
    code: 'bad-topology',
    message: expect.stringMatching(/^signal: /),
  });
});
