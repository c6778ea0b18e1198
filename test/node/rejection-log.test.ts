import { afterEach, describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { nodeConfig } from '../../src/node/config.ts';
import { FullNode } from '../../src/node/full-node.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { Block } from '../../src/primitives/block.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { FakePeer } from '../p2p/support/fake-peer.ts';
import { TestNetwork, type TestNode } from '../p2p/support/network.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';
const COINBASE_TOO_MUCH = {
  reason: 'bad-cb-amount',
  debug: 'coinbase pays too much (actual=5000000001 vs limit=5000000000)',
};

/** Starts a node in memory, in its own test network, with a captured log. */
async function start() {
  const net = new TestNetwork();
  const log = new CapturedLogger();
  const config = nodeConfig({ nodeId: 3000, dataDir: '/nonexistent/pier', p2p: { seeds: [] } }, {});
  const node = await FullNode.start(
    config,
    { network: 'full', createChain: false, createWallet: false },
    { clock: net.clock, random: systemRandom, transport: net.network.transport(), logger: log },
  );
  stops.push(() => node.stop());
  // The parts of a test node that fake peers need to connect.
  const endpoint = { host: '127.0.0.1', port: 3000 } as const;
  const join = () => FakePeer.join(net, { endpoint } as TestNode);
  const rpc = (method: string, ...params: unknown[]) => callInProcess(node, method, params);
  const about = (block: Block | string) => {
    const hash = typeof block === 'string' ? block : block.hashHex;
    return log.shown.filter((line) => line.block === hash || line.txid === hash);
  };
  return { net, log, node, join, rpc, about };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('a rejected block is logged once', () => {
  it('from a peer, with hash, height, peer and reason', async () => {
    const { net, node, join, about, log } = await start();
    const bad = mineBlock(node.chain.tip, { fees: 1n });
    const peer = await join();
    peer.send('block', bad);
    await net.until(() => peer.closed);
    const line = {
      level: 'warn',
      category: 'chain',
      block: bad.hashHex,
      height: 1,
      from: 'peer 0',
      ...COINBASE_TOO_MUCH,
    };
    expect(about(bad)).toEqual([{ ...line, message: 'rejected invalid block' }]);
    expect(log.shown.at(-1)).toMatchObject({
      category: 'p2p',
      peer: 0,
      message: 'disconnected peer',
      reason: expect.stringMatching('bad-cb-amount'),
    });
    const disconnects = log.shown.filter(({ message }) => message === 'disconnected peer');
    expect(disconnects.filter(({ reason }) => String(reason).includes('bad-cb-amount'))).toHaveLength(1);
  });

  it('with the peer that sent it, even if another peer sent the missing parent', async () => {
    const { net, node, join, about } = await start();
    const parent = mineBlock(node.chain.tip);
    const { hash, header } = parent;
    const bad = mineBlock({ hash, height: 1, time: header.time, bits: header.bits }, { fees: 1n });
    const [first, second] = [await join(), await join()];
    node.chain.acceptHeaders([parent.header, bad.header]);
    first.send('block', bad);
    await net.until(() => node.chain.getIndex(bad.hash)?.hasData === true);
    second.send('block', parent);
    await net.until(() => node.chain.tip.height === 1 && about(bad).length > 0);
    expect(about(bad)).toMatchObject([{ level: 'warn', height: 2, from: 'peer 0', ...COINBASE_TOO_MUCH }]);
  });

  it('from submitblock and from the miner', async () => {
    const { node, rpc, about, log } = await start();
    const bad = mineBlock(node.chain.tip, { fees: 1n });
    expect(await rpc('submitblock', toHex(bad.encode()))).toBe('bad-cb-amount');
    expect(await rpc('submitblock', toHex(bad.encode()))).toBe('duplicate-invalid');
    expect(about(bad)).toMatchObject([{ level: 'warn', height: 1, from: 'submitblock', ...COINBASE_TOO_MUCH }]);

    const [hash] = (await rpc('generatetoaddress', 1, ADDRESS)) as [string];
    const { transactions } = Block.decode(node.chain.getRawBlock(node.chain.tip)!);
    const early = spend({ inputs: [outpoint(transactions[0]!)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
    await expect(rpc('generateblock', ADDRESS, [toHex(early.encode())])).rejects.toThrow('premature-spend');
    const reason = 'bad-txns-premature-spend-of-coinbase';
    const debug = expect.stringMatching(/^tried to spend coinbase at depth 1/);
    expect(log.shown.filter((line) => line.reason === reason)).toMatchObject([
      { level: 'warn', category: 'mining', height: 2, debug },
    ]);
    expect(about(hash)).toMatchObject([{ message: 'connected block', from: 'miner' }]);
  });
});

describe('a rejected transaction is logged once', () => {
  const invalid = spend({ inputs: [{ txid: new Uint8Array(32).fill(1), vout: 0 }], outputs: [] });

  it('at debug level if a peer sent it', async () => {
    const { net, log, join } = await start();
    const peer = await join();
    // The peer reports no better chain, so that the node accepts its transactions.
    peer.send('headers', { headers: [] });
    peer.send('tx', invalid);
    await net.advance(100);
    const lines = log.lines.filter(({ txid }) => txid === invalid.txidHex);
    expect(lines).toMatchObject([
      { level: 'debug', category: 'p2p', peer: 0, reason: 'bad-txns-vout-empty', wtxid: invalid.wtxidHex },
    ]);
    expect(peer.closed).toBe(false);
  });

  it('at info level if it was submitted through RPC', async () => {
    const { rpc, about } = await start();
    await expect(rpc('sendrawtransaction', toHex(invalid.encode()))).rejects.toMatchObject({ rpcCode: -26 });
    expect(about(invalid.txidHex)).toMatchObject([{ level: 'info', category: 'rpc', reason: 'bad-txns-vout-empty' }]);
  });
});

it('peers cannot flood the log', { timeout: 60_000 }, async () => {
  const { net, node, join, log } = await start();
  let count = 0;
  for (let i = 0; i < 300; i++) {
    const peer = await join();
    peer.send('block', mineBlock(node.chain.tip, { fees: 1n, tag: i }));
    await net.until(() => peer.closed);
    count++;
  }
  const refusals = log.lines.filter(({ reason }) => reason === 'bad-cb-amount');
  expect(refusals).toHaveLength(count);
  // Two hundred lines per layer, and a few more as time passes. The others are logged at debug level.
  expect(log.shown.length).toBeLessThan(450);
  net.clock.advance(60_000);
  await join();
  expect(log.shown.at(-1)).toMatchObject({ message: 'connected peer', suppressed: expect.any(Number) });
});
