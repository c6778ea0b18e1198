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

    const patience = { timeoutMs: 60_000 };

    /** Starts a network of two nodes, and a bitcoind that connects to the first. */
    async function join(version: 'v1' | 'v2') {
      network = await createNetwork({ nodes: [{ name: 'shop', p2p: true }, { name: 'pool' }], accounts: 2 });
      const [shop, pool] = [network.node('shop'), network.node('pool')];
      const theirs = await startBitcoind({
        args: [`-connect=${shop.p2p}`, `-v2transport=${version === 'v2' ? 1 : 0}`],
      });
      bitcoind = theirs;
      return { shop, pool, theirs, theirTip: () => theirs.rpc<string>('getbestblockhash') };
    }

    it.each(['v1', 'v2'] as const)('syncs, pays, mines and follows over %s', async (version) => {
      const { shop, pool, theirs, theirTip } = await join(version);
      const follows = () => waitFor(async () => (await theirTip()) === (await pool.view()).tip, patience);
      await follows();
      const [ours] = (await shop.call<PeerJson[]>('getpeerinfo')).slice(-1);
      expect(ours!.transport_protocol_type).toBe(version);
      const [peer] = await theirs.rpc<PeerJson[]>('getpeerinfo');
      expect(peer!.transport_protocol_type).toBe(version);

      const [alice, bob] = network.accounts;
      const payment = await alice!.pay(bob!, '1.5');
      await waitFor(async () => (await theirs.rpc<string[]>('getrawmempool')).includes(payment.txid), patience);
      const hashes = await theirs.rpc<string[]>('generatetoaddress', 2, bob!.address);
      await payment.confirmed(2, { timeout: 60_000 });
      await waitFor(async () => (await pool.view()).tip === hashes[1], patience);
      await network.reorg({ depth: 2, drop: [payment.txid] });
      await follows();
      await waitFor(async () => (await theirs.rpc<string[]>('getrawmempool')).includes(payment.txid), patience);

      await shop.stop();
      await shop.start();
      await network.mine();
      await follows();
    });

    it.each(['v1', 'v2'] as const)('follows after a revert over %s, and brings back nothing', async (version) => {
      const { shop, pool, theirs, theirTip } = await join(version);
      const { height } = await shop.view();
      const id = await network.snapshot();
      const [, lost] = await network.mine(2);
      await waitFor(async () => (await theirTip()) === lost, patience);
      await network.revert(id);
      // It offers its headers when it connects again.
      const isConnected = async () =>
        (await shop.call<PeerJson[]>('getpeerinfo')).filter((peer) => peer.version > 0).length === 2 &&
        (await theirs.rpc<PeerJson[]>('getpeerinfo')).some((peer) => peer.version > 0);
      await waitFor(isConnected, patience);
      // To another address: the same blocks would be mined again.
      const [, equal] = await network.mine(2, { by: 'pool', to: network.accounts[0]! });
      await waitFor(async () => (await theirs.rpc<unknown[]>('getchaintips')).length === 2, patience);
      expect([await theirTip(), (await pool.view()).tip, (await shop.view()).height]).toEqual([
        lost,
        equal,
        height + 2,
      ]);
      const [won] = await network.mine(1);
      await waitFor(async () => (await theirTip()) === won, patience);
    });
  },
  { timeout: 180_000 },
);
