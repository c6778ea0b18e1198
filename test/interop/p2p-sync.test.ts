import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromHex, toReversedHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { waitFor } from '../support/wait.ts';

interface Node {
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly connections: ConnectionManager;
  readonly disconnects: string[];
  stop(): Promise<void>;
}

const running: (() => Promise<unknown>)[] = [];

async function startNode(
  options: { addNodes?: { host: string; port: number }[]; minimumChainWork?: bigint; maxOutbound?: number } = {},
): Promise<Node> {
  const { minimumChainWork = 0n, ...rest } = options;
  const modules = { clock: systemClock, logger: silentLogger };
  const chain = await Chain.open(
    { params: { ...regtest, minimumChainWork } },
    { ...modules, store: new MemoryStore() },
  );
  const mempool = new Mempool({}, { ...modules, chain });
  const { connections: peers } = fullNodeConnections(
    { listen: [{ host: '127.0.0.1', port: 0 }], ...rest },
    { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
  );
  const disconnects: string[] = [];
  peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
  await peers.start();
  const stop = async () => {
    await peers.stop();
    mempool.close();
    await chain.close();
  };
  running.push(stop);
  return { chain, mempool, connections: peers, disconnects, stop };
}

/** Mines blocks on the node's tip, dated now. Returns the hash of the last one. */
async function mine(node: Node, count: number): Promise<string> {
  for (let i = 0; i < count; i++) {
    const { tip } = node.chain;
    const time = Math.max(Math.floor(Date.now() / 1000), tip.medianTimePast() + 1);
    const { reject } = await node.chain.acceptBlock(mineBlock(tip, { time }));
    if (reject) throw new Error(reject.reason);
  }
  return toReversedHex(node.chain.tip.hash);
}

describeBitcoind('the P2P protocol with bitcoind', () => {
  let bitcoind: Bitcoind;
  beforeAll(async () => {
    bitcoind = await startBitcoind();
  });
  afterAll(async () => {
    await Promise.all(running.map((stop) => stop()));
    await bitcoind?.stop();
  });
  const bestHash = () => bitcoind.rpc<string>('getbestblockhash');
  const atTip = (node: Node, hash: string) => toReversedHex(node.chain.tip.hash) === hash;

  it('downloads 200 blocks from bitcoind and follows its new blocks', async () => {
    await bitcoind.mine(200);
    const node = await startNode({ addNodes: [bitcoind.endpoint] });
    const tip = await bestHash();
    await waitFor(() => atTip(node, tip), { describe: () => `height 200, at ${node.chain.tip.height}` });
    expect(node.chain.tip.height).toBe(200);
    for (let i = 0; i < 3; i++) {
      const [hash] = await bitcoind.mine(1);
      await waitFor(() => atTip(node, hash!));
    }
    expect(node.disconnects).toEqual([]);
    const [peer] = node.connections.peers();
    const info = await waitFor(() => {
      const now = node.connections.info(peer!);
      return now.ping !== undefined && now;
    });
    expect(info).toMatchObject({ inbound: false, protocolVersion: 70016, syncedBlocks: 203, syncedHeaders: 203 });
    expect(info.userAgent).toMatch(/^\/Satoshi:/);
  });

  it('serves 200 blocks and new ones, so that bitcoind leaves its initial block download', async () => {
    const fresh = await startBitcoind();
    running.push(() => fresh.stop());
    const node = await startNode();
    const tip = await mine(node, 200);
    await fresh.rpc('addnode', `127.0.0.1:${node.connections.endpoint!.port}`, 'onetry', false);
    await waitFor(async () => (await fresh.rpc<string>('getbestblockhash')) === tip);
    for (let i = 0; i < 3; i++) {
      const next = await mine(node, 1);
      await waitFor(async () => (await fresh.rpc<string>('getbestblockhash')) === next);
    }
    const { initialblockdownload } = await fresh.rpc<{ initialblockdownload: boolean }>('getblockchaininfo');
    expect(initialblockdownload).toBe(false);
    const [peer] =
      await fresh.rpc<{ bytesrecv_per_msg: Record<string, number>; misbehavior_score?: number }[]>('getpeerinfo');
    expect(peer!.misbehavior_score ?? 0).toBe(0);
    expect(peer!.bytesrecv_per_msg['*other*'] ?? 0).toBe(0);
    expect(Object.keys(peer!.bytesrecv_per_msg)).toEqual(
      expect.arrayContaining([
        'version',
        'verack',
        'wtxidrelay',
        'sendaddrv2',
        'headers',
        'block',
        'feefilter',
        'ping',
      ]),
    );
  });

  it('relays transactions in both directions', async () => {
    // `noban` peers get transaction announcements without delay.
    const bitcoind = await startBitcoind({ args: ['-whitelist=in,out,noban@127.0.0.1'] });
    running.push(() => bitcoind.stop());
    const wallet = await bitcoind.wallet();
    await wallet.mine(101);
    const tip = await bitcoind.rpc<string>('getbestblockhash');
    const node = await startNode({ addNodes: [bitcoind.endpoint] });
    await waitFor(() => atTip(node, tip));
    const txid = await wallet.rpc<string>('sendtoaddress', await wallet.newAddress(), 1);
    await waitFor(() => node.mempool.size === 1);
    expect([...node.mempool.entries()][0]!.tx.txidHex).toBe(txid);

    // A second transaction, created by bitcoind's wallet but submitted to Pier.
    const created = await wallet.rpc<string>('createrawtransaction', [], { [await wallet.newAddress()]: 2 });
    const { hex: funded } = await wallet.rpc<{ hex: string }>('fundrawtransaction', created);
    const { hex } = await wallet.rpc<{ hex: string }>('signrawtransactionwithwallet', funded);
    const tx = Transaction.decode(fromHex(hex));
    expect(node.mempool.accept(tx)).not.toHaveProperty('reject');
    await waitFor(async () => (await bitcoind.rpc<string[]>('getrawmempool')).includes(tx.txidHex));
    const [hash] = await bitcoind.mine(1);
    await waitFor(() => atTip(node, hash!));
    expect(node.mempool.size).toBe(0);
  });

  it('stores no headers below the minimum chain work (pre-sync), and the whole chain above it', async () => {
    const poor = await startBitcoind();
    running.push(() => poor.stop());
    await poor.mine(2100);
    // Each regtest block adds a chainwork of 2, genesis included.
    const node = await startNode({ addNodes: [poor.endpoint], minimumChainWork: 2n * 2201n });
    const presynced: number[] = [];
    node.connections.events.on('message', ({ peer, command, direction }) => {
      if (command !== 'getheaders' || direction !== 'sent') return;
      presynced.push(node.connections.info(peer).presyncedHeaders);
    });
    const [peer] = await waitFor(() => {
      const ready = node.connections.peers().filter(({ isReady }) => isReady);
      return ready.length > 0 && node.connections.info(ready[0]!).receivedPerCommand.has('headers') && ready;
    });
    await waitFor(() => presynced.includes(2000) && node.connections.info(peer!).presyncedHeaders === -1);
    expect(node.chain.bestHeader.height).toBe(0);
    expect(node.chain.isInitialBlockDownload).toBe(true);
    const hashes = await poor.mine(100);
    await waitFor(() => atTip(node, hashes[99]!), { describe: () => `height 2200, at ${node.chain.tip.height}` });
    expect(node.disconnects).toEqual([]);
    expect(node.chain.isInitialBlockDownload).toBe(false);
  });

  it('sends its headers twice to a bitcoind in pre-sync', async () => {
    const node = await startNode();
    const tip = await mine(node, 2100);
    const fresh = await startBitcoind({ args: [`-minimumchainwork=${(2 * 2101).toString(16)}`] });
    running.push(() => fresh.stop());
    const { port } = node.connections.endpoint!;
    let requests = 0;
    node.connections.events.on('message', ({ command, direction }) => {
      if (command === 'getheaders' && direction === 'received') requests++;
    });
    await fresh.rpc('addnode', `127.0.0.1:${port}`, 'onetry', false);
    await waitFor(async () => (await fresh.rpc<string>('getbestblockhash')) === tip);
    // Two requests in pre-sync, two in redownload.
    expect(requests).toBeGreaterThanOrEqual(4);
    const strict = await startBitcoind({ args: [`-minimumchainwork=${(2 * 2102).toString(16)}`] });
    running.push(() => strict.stop());
    await strict.rpc('addnode', `127.0.0.1:${port}`, 'onetry', false);
    await waitFor(async () => {
      const [peer] = await strict.rpc<{ bytesrecv_per_msg: Record<string, number> }[]>('getpeerinfo');
      return (peer?.bytesrecv_per_msg.headers ?? 0) > 81 * 2100;
    });
    expect(await strict.rpc('getblockchaininfo')).toMatchObject({ blocks: 0, headers: 0 });
  });

  it('exchanges addresses by addrv2', async () => {
    // Neither node connects to the addresses.
    const theirs = await startBitcoind({ args: ['-connect=0'] });
    running.push(() => theirs.stop());
    const hosts = (first: number) => Array.from({ length: 50 }, (_, i) => `${first + i}.1.2.3`);
    for (const host of [...hosts(20), '2a01::7']) await theirs.rpc('addpeeraddress', host, 8333);
    const node = await startNode({ addNodes: [theirs.endpoint], maxOutbound: 0 });
    const known = () => [...node.connections.addresses.entries()].map(({ endpoint }) => endpoint.host);
    const getaddrReceived = async () => {
      const [info] = await theirs.rpc<{ bytesrecv_per_msg: Record<string, number> }[]>('getpeerinfo');
      return info?.bytesrecv_per_msg.getaddr;
    };
    await waitFor(getaddrReceived);
    // bitcoind sends 23% of those that its tables have room for (MAX_PCT_ADDR_TO_SEND): nine to eleven, after a delay of
    // about 30 seconds.
    await theirs.rpc('setmocktime', Math.floor(Date.now() / 1000) + 600);
    await waitFor(() => hosts(20).filter((host) => known().includes(host)).length >= 8, {
      describe: () => `${known()}`,
    });
    const [peer] = node.connections.peers();
    expect([...node.connections.info(peer!).receivedPerCommand.keys()]).toContain('addrv2');
    expect([...node.connections.info(peer!).receivedPerCommand.keys()]).not.toContain('addr');

    const time = Math.floor(Date.now() / 1000);
    for (const host of hosts(120)) {
      node.connections.addresses.add({ endpoint: { host, port: 8333 }, services: 1033n, time }, { host, port: 8333 });
    }
    await theirs.rpc('addnode', `127.0.0.1:${node.connections.endpoint!.port}`, 'onetry');
    const theirAddresses = async () =>
      (await theirs.rpc<{ address: string }[]>('getnodeaddresses', 0)).map((each) => each.address);
    await waitFor(async () => (await theirAddresses()).filter((host) => hosts(120).includes(host)).length >= 5);
    const infos = await theirs.rpc<{ inbound: boolean; bytesrecv_per_msg: Record<string, number> }[]>('getpeerinfo');
    const outbound = infos.find(({ inbound }) => !inbound)!.bytesrecv_per_msg;
    expect(outbound.addrv2).toBeGreaterThan(5 * 16);
    expect(outbound.addr).toBeUndefined();
  });

  it('follows a reorganisation by bitcoind, and makes bitcoind follow one', async () => {
    const node = await startNode({ addNodes: [bitcoind.endpoint] });
    const tip = await bestHash();
    await waitFor(() => atTip(node, tip));
    const height = node.chain.tip.height;
    const stale = await bitcoind.mine(2);
    await waitFor(() => atTip(node, stale[1]!));
    await bitcoind.rpc('invalidateblock', stale[0]);
    const better = await bitcoind.mine(3, 'bcrt1q2nfxmhd4n3c8834pj72xagvyr9gl57n5r94fsl');
    await waitFor(() => atTip(node, better[2]!));
    expect(node.chain.tip.height).toBe(height + 3);

    const fork = node.chain.atHeight(height)!;
    let prev = fork;
    for (let i = 0; i < 4; i++) {
      const time = Math.max(Math.floor(Date.now() / 1000), prev.medianTimePast() + 1);
      const { index, reject } = await node.chain.acceptBlock(mineBlock(prev, { time, tag: 7 }));
      if (!index || reject) throw new Error(reject?.reason);
      prev = index;
    }
    const ours = toReversedHex(prev.hash);
    expect(atTip(node, ours)).toBe(true);
    await waitFor(async () => (await bestHash()) === ours);
    expect(node.disconnects).toEqual([]);
  });
});
