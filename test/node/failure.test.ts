import { afterEach, describe, expect, it, vi } from 'vitest';
import { blockKey, Prefix } from '../../src/chain/records/keys.ts';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { StoreError } from '../../src/store/errors.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { Reserve } from '../../src/store/lmdb/reserve.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const options = { network: 'none', createChain: true, createWallet: false } as const;

afterEach(() => vi.restoreAllMocks());

function newConfig() {
  return nodeConfig({ nodeId: 3000, dataDir: tempDir('failure'), p2p: { seeds: [] } }, {});
}

/** Returns the errors that a node has logged, except those of RPC calls. */
function errors(log: CapturedLogger): unknown[] {
  return log.lines
    .filter(({ level, category }) => level === 'error' && category !== 'rpc')
    .map(({ message }) => message);
}

describe('a node whose chain fails', () => {
  it('logs the error once, with a hint, and stops: corrupt data', async () => {
    const config = newConfig();
    const before = await FullNode.start(config, options);
    await callInProcess(before, 'generatetoaddress', [3, ADDRESS]);
    const { tip } = before.chain;
    await before.stop();
    const store = await LmdbStore.open({
      path: nodePaths(config).chain,
      network: 'regtest',
      kind: 'blockchain',
      create: false,
    });
    await store.write([{ type: 'delete', key: blockKey(Prefix.UNDO, tip) }]);
    await store.close();

    const log = new CapturedLogger();
    const node = await FullNode.start(config, options, { logger: log });
    expect(node.failure).toBeUndefined();
    const invalidate = () => callInProcess(node, 'invalidateblock', [tip.hashHex]);
    const results = await Promise.allSettled([invalidate(), invalidate(), invalidate()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await node.stopped;
    expect(node.failure).toMatchObject({ code: 'corrupt-database', hint: expect.stringMatching('pier reindexutxo') });
    expect(errors(log)).toEqual(['block database failed']);
    await node.stop();
  });

  it('logs the error once and stops: full disk', async () => {
    const log = new CapturedLogger();
    const node = await FullNode.start(newConfig(), options, { logger: log });
    await callInProcess(node, 'generatetoaddress', [1, ADDRESS]);
    const full = new StoreError('write-failed', 'x', 'the disk is full', { hint: 'Make room.' });
    vi.spyOn(LmdbStore.prototype, 'write').mockRejectedValue(full);
    const mine = () => callInProcess(node, 'generatetoaddress', [5, ADDRESS]);
    const results = await Promise.allSettled([mine(), mine()]);
    expect(results.map(({ status }) => status)).toContain('rejected');
    await node.stopped;
    expect(node.failure).toBe(full);
    expect(errors(log)).toEqual(['block database failed']);
  });

  it.each(['full', 'light'] as const)('stops when the wallet file of a %s node cannot be written', async (kind) => {
    const config = newConfig();
    const node =
      kind === 'full'
        ? await FullNode.start(config, { ...options, createWallet: true })
        : await LightNode.start(config, { network: 'none' });
    const wallet = await node.wallets.createWallet('w');
    const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    vi.spyOn(Reserve.prototype, 'make').mockRejectedValue(noSpace);
    await expect(wallet.newAddress()).rejects.toThrow(/no space left on the disk/);
    await node.stopped;
    const path = nodePaths(config).wallet;
    expect(node.failure).toMatchObject({
      code: 'write-failed',
      path,
      message: expect.stringMatching(`^writing ${path} failed: no space left on the disk`),
      hint: expect.stringContaining('Free disk space'),
    });
    vi.restoreAllMocks();
    // The address was not handed out, and the file can be opened.
    const again = await LmdbStore.open({ path, network: 'regtest', kind: 'wallet' });
    await again.close();
  });
});
