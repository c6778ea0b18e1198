import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { callMethod } from '../../src/api/methods/dispatch.ts';
import { lightMethods } from '../../src/api/methods/light/index.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { atFileEnd } from '../support/file-end.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

// What light-node.test.ts syncs from a bitcoind, at length.

const HEIGHT = 10_000;
const MAX_FILES_BYTES = 2_000_000;
const MNEMONIC = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';

describeBitcoind('a light node whose only peer is a bitcoind', () => {
  it(`stores the headers of ${HEIGHT} blocks and a wallet in less than 2 MB`, { timeout: 120_000 }, async () => {
    // Regtest's self-checks get slower as the chain grows.
    const quick = ['-checkblockindex=0', '-checkmempool=0'];
    const bitcoind = await startBitcoind({ args: ['-blockfilterindex=1', '-peerblockfilters=1', ...quick] });
    atFileEnd(() => bitcoind.stop());
    const seeds = [`127.0.0.1:${bitcoind.port}`];
    const config = nodeConfig({ nodeId: 3000, dataDir: tempDir('light-size'), p2p: { seeds } }, {});
    const start = async () => {
      const node = await LightNode.start(config, { network: 'full' });
      atFileEnd(() => node.stop());
      return node;
    };

    let node = await start();
    const wallet = await node.wallets.createWallet('w', { mnemonic: MNEMONIC });
    const address = await wallet.newAddress();
    await node.stop();
    const theirs = await bitcoind.wallet();
    await theirs.mine(120);
    for (let amount = 1; amount <= 5; amount++) {
      await theirs.rpc('sendtoaddress', address, amount);
      await theirs.mine(20);
    }
    for (let height = await bitcoind.rpc<number>('getblockcount'); height < HEIGHT; ) {
      height += (await bitcoind.mine(Math.min(1000, HEIGHT - height))).length;
    }
    type Indexes = Record<string, { best_block_height: number }>;
    const isIndexed = async () =>
      Object.values(await bitcoind.rpc<Indexes>('getindexinfo')).every((index) => index.best_block_height === HEIGHT);
    await waitFor(isIndexed, { timeoutMs: 60_000 });

    const paths = nodePaths(config);
    const sizes: number[][] = [];
    const startedAt = performance.now();
    for (let i = 0; i < 4; i++) {
      if (i > 0) await bitcoind.mine(1);
      node = await start();
      const { scanner } = node.processor;
      const tip = await bitcoind.rpc<string>('getbestblockhash');
      await waitFor(() => scanner.scanned.hashHex === tip, { timeoutMs: 60_000, describe: `block ${tip}` });
      if (i === 0) console.log(`${HEIGHT} blocks in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
      await node.chain.flush();
      sizes.push([paths.chain, paths.wallet].map((path) => statSync(path).blocks * 512));
      expect(await callMethod(node, lightMethods, 'getbalances', [])).toMatchObject({ mine: { trusted: 15 } });
      await node.stop();
    }
    console.log(`bytes of headers and wallet: ${sizes.join('; ')}`);
    for (const [chain, wallet] of sizes) expect(chain! + wallet!).toBeLessThan(MAX_FILES_BYTES);
  });
});
