import { afterEach, expect, it } from 'vitest';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { waitFor } from '../support/wait.ts';

interface PeerJson {
  readonly version: number;
  readonly transport_protocol_type: string;
}

describeBitcoind(
  'a bitcoind that joins a network in memory by -connect',
  () => {
    let network: NodeNetwork;
    let bitcoind: Bitcoind | undefined;
    afterEach(async () => {
      await bitcoind?.stop();
      bitcoind = undefined;
      await network?.close();
    });

    it.each(['v1', 'v2'] as const)('syncs, pays, mines and follows over %s', async (version) => {
      network = await createNetwork({ nodes: [{ name: 'shop', p2p: true }, { name: 'pool' }], accounts: 2 });
      const [shop, pool] = network.nodes;
      const theirs = await startBitcoind({
        args: [`-connect=${shop!.p2p}`, `-v2transport=${version === 'v2' ? 1 : 0}`],
      });
      bitcoind = theirs;
      const patience = { timeoutMs: 60_000 };
      const theirTip = () => theirs.rpc<string>('getbestblockhash');
      const follows = () => waitFor(async () => (await theirTip()) === (await pool!.view()).tip, patience);
      await follows();
      const [ours] = (await shop!.call<PeerJson[]>('getpeerinfo')).slice(-1);
      expect(ours!.transport_protocol_type).toBe(version);
      const [peer] = await theirs.rpc<PeerJson[]>('getpeerinfo');
      expect(peer!.transport_protocol_type).toBe(version);

      const [alice, bob] = network.accounts;
      const payment = await alice!.pay(bob!, '1.5');
      await waitFor(async () => (await theirs.rpc<string[]>('getrawmempool')).includes(payment.txid), patience);
      const hashes = await theirs.rpc<string[]>('generatetoaddress', 2, bob!.address);
      await payment.confirmed(2, { timeout: 60_000 });
      await waitFor(async () => (await pool!.view()).tip === hashes[1], patience);
      await network.reorg({ depth: 2, drop: [payment.txid] });
      await follows();
      await waitFor(async () => (await theirs.rpc<string[]>('getrawmempool')).includes(payment.txid), patience);

      await shop!.stop();
      await shop!.start();
      await network.mine();
      await follows();
    });
  },
  { timeout: 180_000 },
);
