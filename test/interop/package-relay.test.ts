import { afterAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { startCorePolicyNode, submitTo } from '../support/core-policy.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { pay, RegtestChain, utxo } from '../support/regtest-chain.ts';
import { waitFor } from '../support/wait.ts';

describeBitcoind('package relay between two bitcoinds', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closers.toReversed()) await close();
  });

  it('passes a zero-fee parent and its fee-paying child through Pier', async () => {
    const ours = await RegtestChain.create({ blocks: 120 });
    const bitcoinds = await Promise.all([0, 1].map(() => startCorePolicyNode('-whitelist=in,out,noban@127.0.0.1')));
    for (const node of bitcoinds) closers.push(() => node.stop());
    await Promise.all(bitcoinds.map((node) => submitTo(node, ours.blocks(1))));
    const [from, to] = bitcoinds as [Bitcoind, Bitcoind];
    const { connections: peers } = fullNodeConnections(
      { addNodes: bitcoinds.map(({ endpoint }) => endpoint) },
      {
        chain: ours.chain,
        mempool: ours.mempool,
        transport: new TcpTransport(),
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
      },
    );
    closers.push(() => peers.stop());
    await peers.start();
    // Both know the fee filter that Pier sends once it has left its initial block download.
    await waitFor(async () => {
      const infos = await Promise.all(bitcoinds.map((node) => node.rpc<{ minfeefilter: number }[]>('getpeerinfo')));
      return infos.every(([info]) => info?.minfeefilter === 0.000001);
    });

    const parent = pay([ours.coinbase(1)], 0n, 2, { version: 3 });
    const child = pay([utxo(parent, 0)], 10_000n, 1, { version: 3 });
    const { package_msg } = await from.rpc<{ package_msg: string }>(
      'submitpackage',
      [parent, child].map((tx) => toHex(tx.encode())),
    );
    expect(package_msg).toBe('success');
    const mempool = await waitFor(async () => {
      const txids = await to.rpc<string[]>('getrawmempool');
      return txids.length === 2 && txids;
    });
    expect(new Set(mempool)).toEqual(new Set([parent.txidHex, child.txidHex]));
    expect(ours.mempool.size).toBe(2);
  });
});
