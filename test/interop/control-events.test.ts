import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connectControl } from '../../src/control/client/connect.ts';
import { type ControlEvent, controlEvent } from '../../src/control/protocol/events.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeBitcoind } from '../support/bitcoind.ts';
import { bitcoindDir } from '../support/oracles.ts';

describeBitcoind(
  'the control server of a network with a bitcoind',
  () => {
    let network: NodeNetwork;
    let control: NetworkControl;
    afterAll(async () => {
      await control?.close();
      await network?.close();
    });

    it('sends events of the bitcoind: payments, blocks, a reorganisation, its end and its start', async () => {
      const path = join(bitcoindDir!, 'bitcoind');
      network = await createNetwork({
        engine: 'processes',
        nodes: [{ name: 'pier' }, { name: 'core', kind: 'bitcoind', path }],
        accounts: 1,
      });
      control = await NetworkControl.start(network, { name: 'core', port: 0 });
      const client = await connectControl(control);
      const events = await client.events();
      const reading = events[Symbol.asyncIterator]();
      /** Reads on to an event of the bitcoind. */
      const next = async (what: Partial<ControlEvent>) => {
        for (;;) {
          const { value: event } = await reading.next();
          expect(controlEvent.safeParse(event)).toMatchObject({ success: true });
          const named = event as unknown as Record<string, unknown>;
          if (named.node !== 'core') continue;
          if (Object.entries(what).every(([name, value]) => named[name] === value)) return event as ControlEvent;
        }
      };
      const { txid } = await client.call('faucet', { to: network.accounts[0]!.address, amount: '0.5' });
      await next({ type: 'transaction', txid, change: 'added' });
      const { hashes } = await client.call('mine', { by: 'core' });
      const { height } = await network.node('core').view();
      expect(await next({ type: 'block', hash: hashes[0]! })).toMatchObject({ height });
      const { won } = await client.call('reorg', { by: 'pier' });
      expect(await next({ type: 'reorg', hash: won.at(-1)! })).toMatchObject({ from: hashes[0], height: height + 1 });
      await client.call('stop', { node: 'core' });
      await next({ type: 'node', status: 'stopped' });
      expect((await client.call('status')).nodes[1]).toMatchObject({ status: 'stopped', tip: null });
      await client.call('start', { node: 'core' });
      await next({ type: 'node', status: 'running', height: height + 1 });
      await client.close();
    });
  },
  { timeout: 120_000 },
);
