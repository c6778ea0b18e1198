import { describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import { fromReversedHex } from '../../src/bytes/hex.ts';
import { blockKey, Prefix } from '../../src/chain/records/keys.ts';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { pier } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

describe('a node with a damaged chain', () => {
  it('reports the damage and exits with code 1', { timeout: 60_000 }, async () => {
    const [nodeId] = (await freeNodeIds(1)) as [number];
    const dataDir = tempDir('failure');
    const env = { NODE_ID: String(nodeId), PIER_DATADIR: dataDir };
    const created = await pierInProcess(['createblockchain', '--address', ADDRESS, '--json'], env);
    const { height, bestblockhash } = JSON.parse(created.stdout) as { height: number; bestblockhash: string };

    const config = nodeConfig({ nodeId, dataDir, p2p: { seeds: [] } }, {});
    const { chain: path, cookie: cookieFile } = nodePaths(config);
    const store = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain', create: false });
    await store.write([
      { type: 'delete', key: blockKey(Prefix.BODY, { height, hash: fromReversedHex(bestblockhash) }) },
    ]);
    await store.close();

    // The filter index would find the damage at startup.
    const finished = pier(['startnode', '--no-seed', '--no-blockfilterindex', '--log-level', 'error'], env);
    const client = new RpcClient({ ...config.rpc, cookieFile });
    await waitFor(
      () =>
        client
          .call('uptime')
          .catch(() => undefined)
          .then((uptime) => uptime !== undefined),
      {
        timeoutMs: 30_000,
        describe: 'the node',
      },
    );
    await expect(client.call('invalidateblock', [bestblockhash])).rejects.toThrow('the block database is corrupt');
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^pier: the block database is corrupt: .*\n {6}Rebuild .*pier reindexutxo/m);
  });
});
