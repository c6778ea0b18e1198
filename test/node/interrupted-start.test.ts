import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeConfig, nodePaths } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { LightNode } from '../../src/node/light-node.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { attachWallet } from '../../src/wallet/wallet-sync.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A mnemonic of BIP39's test vectors. */
const MNEMONIC = `${'abandon '.repeat(11)}about`;

const options = { network: 'none', createChain: true, createWallet: true } as const;

/** Returns a signal that is aborted when it is looked at for the `step`th time. */
function abortedAt(step: number): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  signal.throwIfAborted = () => {
    if (++looks === step) controller.abort(new Error('interrupted'));
    AbortSignal.prototype.throwIfAborted.call(signal);
  };
  return signal;
}

/** Interrupts the start at each step. Returns the number of steps, and the node that has started at last. */
async function interrupt<N>(start: (signal: AbortSignal) => Promise<N>): Promise<{ steps: number; node: N }> {
  for (let steps = 0; ; steps++) {
    const signal = abortedAt(steps + 1);
    const node = await start(signal).catch((error: unknown) => {
      expect(error).toBe(signal.reason);
    });
    if (node) return { steps, node };
  }
}

describe('A start that is interrupted', () => {
  it('ends at the next step, and leaves the files of a full node as they were', async () => {
    const config = nodeConfig({ nodeId: 3000, dataDir: tempDir('interrupted'), p2p: { seeds: [] } }, {});
    const first = await FullNode.start(config, options);
    await callInProcess(first, 'createwallet', ['w']);
    const address = await callInProcess(first, 'getnewaddress', [], 'w');
    await callInProcess(first, 'generatetoaddress', [101, address]);
    await callInProcess(first, 'sendtoaddress', [address, 1], 'w');
    const { tip } = first.chain;
    await first.stop();
    const mempool = readFileSync(nodePaths(config).mempool);

    const logger = new CapturedLogger();
    const { steps, node } = await interrupt((signal) => FullNode.start(config, options, { signal, logger }));
    expect(steps).toBeGreaterThanOrEqual(5);
    // An interruption is no failure, such as that of a file that cannot be loaded.
    expect(logger.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    expect(node.chain.tip.hashHex).toBe(tip.hashHex);
    expect(node.mempool.size).toBe(1);
    await node.stop();
    expect(readFileSync(nodePaths(config).mempool).equals(mempool)).toBe(true);
  });

  it('does not scan blocks for wallets', async () => {
    const config = nodeConfig({ nodeId: 3000, dataDir: tempDir('interrupted'), p2p: { seeds: [] } }, {});
    const node = await FullNode.start(config, options);
    const address = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
    await callInProcess(node, 'generatetoaddress', [10, address]);
    const file = await WalletFile.open(node, { ...node, store: new MemoryStore(), random: systemRandom });
    await file.createWallet('restored', { mnemonic: MNEMONIC });
    const detach = await attachWallet(file, { ...node, signal: AbortSignal.abort() });
    expect(file.get('restored')!.syncedTo!.height).toBe(0);
    await detach();
    const detachAgain = await attachWallet(file, { ...node });
    expect(file.get('restored')!.syncedTo!.height).toBe(10);
    await detachAgain();
    await node.stop();
  });

  it('ends at the next step of a light node', async () => {
    const config = nodeConfig({ nodeId: 3000, dataDir: tempDir('interrupted'), p2p: { seeds: [] } }, {});
    const { steps, node } = await interrupt((signal) => LightNode.start(config, { network: 'none' }, { signal }));
    expect(steps).toBeGreaterThanOrEqual(2);
    await node.stop();
  });
});
