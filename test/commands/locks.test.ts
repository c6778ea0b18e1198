import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { createBlockchain } from '../../src/commands/create-blockchain.ts';
import { createWallet } from '../../src/commands/create-wallet.ts';
import { getAddressBalance } from '../../src/commands/get-balance.ts';
import { restoreWallet, showMnemonics } from '../../src/commands/mnemonic.ts';
import { accessNode } from '../../src/commands/node-access.ts';
import { printChain } from '../../src/commands/print-chain.ts';
import { reindexUtxo } from '../../src/commands/reindex-utxo.ts';
import { send } from '../../src/commands/send.ts';
import { startLightNode, startNode } from '../../src/commands/start-node.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { type NodeConfig, nodeConfig, nodePaths } from '../../src/node/config.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { tempDir } from '../support/temp-dir.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

let config: NodeConfig;

beforeAll(async () => {
  const [nodeId] = await freeNodeIds(1);
  config = nodeConfig({ nodeId: nodeId!, dataDir: tempDir('locks'), p2p: { seeds: [] } }, {});
  await createBlockchain(config, { address: ADDRESS });
  await createWallet(config, { name: 'alice' });
});

/** Opens and closes the node's files, which fails if a command still holds one of them. */
async function openFiles({ params, ...node }: NodeConfig): Promise<void> {
  const { chain, wallet } = nodePaths(node);
  for (const [kind, path] of [
    ['blockchain', chain],
    ['wallet', wallet],
  ] as const) {
    const store = await LmdbStore.open({ path, network: params.marker, kind, create: false });
    await store.close();
  }
}

/** Occupies a port while `use` runs. */
async function withPortTaken(port: number, use: () => Promise<unknown>): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use();
  } finally {
    server.close();
  }
}

const modules = { logger: silentLogger };

const failures: Readonly<Record<string, readonly [run: () => Promise<unknown>, code: string]>> = {
  'createblockchain over a chain': [() => createBlockchain(config, { address: ADDRESS }), 'chain-exists'],
  'createwallet with the name of another': [() => createWallet(config, { name: 'alice' }), 'wallet-exists'],
  'createwallet --restore with wrong words': [
    () => restoreWallet(config, { name: 'bob', mnemonic: 'not words', type: 'bech32' }),
    'bad-mnemonic',
  ],
  'createwallet --restore with the name of another': [
    () => restoreWallet(config, { name: 'alice', mnemonic: `${'abandon '.repeat(11)}about`, type: 'bech32' }),
    'wallet-exists',
  ],
  'send of more than there is': [() => send(config, { to: ADDRESS, amount: '1', mine: true }), 'rpc-error'],
  'send without a peer': [
    () =>
      accessNode(config, { network: 'outbound', requires: ['wallet', 'chain'] }, async () => {
        throw Object.assign(new Error('no peer'), { code: 'no-peer' });
      }),
    'no-peer',
  ],
  'getbalance of a wrong address': [() => getAddressBalance(config, 'wrong'), 'bad-checksum'],
  'printchain whose reader fails': [
    () =>
      printChain(config, {}, () => {
        throw Object.assign(new Error('closed'), { code: 'EPIPE' });
      }),
    'EPIPE',
  ],
  'reindexutxo that is interrupted': [
    () =>
      reindexUtxo(config, () => {
        throw Object.assign(new Error('interrupted'), { code: 'interrupted' });
      }),
    'interrupted',
  ],
  'startnode with the RPC port taken': [
    () => withPortTaken(config.rpc.port, () => startNode({ ...config, p2p: config.p2p }, modules)),
    'rpc-port-taken',
  ],
  'startnode with the P2P port taken': [() => withPortTaken(config.nodeId, () => startNode(config, modules)), '*'],
  'startnode --spv on the files of a full node': [() => startLightNode(config, modules), 'other-kind'],
  'showmnemonic of another network': [
    () => showMnemonics({ ...config, params: nodeConfig({ nodeId: 1, network: 'signet' }, {}).params }),
    '*',
  ],
};

describe('a command that fails leaves no file locked', () => {
  for (const [name, [run, code]] of Object.entries(failures)) {
    it(name, async () => {
      const error = await run().then(
        () => undefined,
        (thrown: unknown) => thrown as Error & { code?: string },
      );
      expect(error).toBeInstanceOf(Error);
      if (code !== '*') expect(error!.code).toBe(code);
      await openFiles(config);
      // And another command works.
      expect(await showMnemonics(config)).toMatchObject([{ wallet: 'alice' }]);
    });
  }
});
