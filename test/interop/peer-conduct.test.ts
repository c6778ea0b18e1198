import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join as joinPath } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { V2Framing } from '../../src/p2p/transport/v2/v2-framing.ts';
import { decodeMessage, encodeMessage } from '../../src/p2p/wire/messages/index.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Block } from '../../src/primitives/block.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { type BlockPlan, mineBlock } from '../chain/support/builder.ts';
import { versionMessage } from '../p2p/support/fake-peer.ts';
import { raw, repeated, wellFormed } from '../p2p/support/raw-message.ts';
import { RawPeer } from '../p2p/support/raw-peer.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { waitFor } from '../support/wait.ts';

async function join(port: number): Promise<RawPeer> {
  const peer = new RawPeer(port);
  await peer.shakeHands();
  await peer.request([]);
  return peer;
}

describeBitcoind('message handling, compared with bitcoind', () => {
  let bitcoind: Bitcoind;
  let chain: Chain;
  let mempool: Mempool;
  let peers: ConnectionManager;
  const disconnects: string[] = [];

  beforeAll(async () => {
    bitcoind = await startBitcoind({ args: ['-debug=net'] });
    const modules = { clock: systemClock, logger: silentLogger };
    chain = await Chain.open({ params: regtest }, { ...modules, store: new MemoryStore() });
    mempool = new Mempool({}, { ...modules, chain });
    ({ connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port: 0 }] },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    ));
    peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
    await peers.start();
    for (let i = 0; i < 10; i++) await both(nextBlock());
  });
  afterAll(async () => {
    await peers?.stop();
    mempool?.close();
    await chain?.close();
    await bitcoind?.stop();
  });

  const ports = () => [bitcoind.port, peers.endpoint!.port];
  const bitcoindLog = () => readFile(joinPath(bitcoind.dataDir, 'regtest', 'debug.log'), 'latin1');
  const nextBlock = (plan: BlockPlan = {}) => {
    const time = Math.max(Math.floor(Date.now() / 1000), chain.tip.medianTimePast() + 1);
    return mineBlock(chain.tip, { time, ...plan });
  };
  const both = async (block: Block) => {
    const [ours, theirs] = await Promise.all([
      chain.acceptBlock(block),
      bitcoind.rpc('submitblock', toHex(block.encode())),
    ]);
    expect([ours.reject, theirs]).toEqual([undefined, null]);
  };

  it('responds to getdata for unknown items with notfound for transactions and not for blocks', async () => {
    const entries = [InvType.BLOCK, InvType.WITNESS_BLOCK, InvType.WTX, InvType.CMPCT_BLOCK, InvType.WITNESS_TX].map(
      (type) => ({ type, hash: new Uint8Array(32).fill(type) }),
    );
    for (const port of ports()) {
      const peer = await join(port);
      const answers = await peer.request([wellFormed('getdata', { entries })]);
      const missing = answers.flatMap(({ command, payload }) =>
        command === 'notfound' ? [...decodeMessage(command, payload).entries] : [],
      );
      expect(missing.map(({ type }) => type)).toEqual([InvType.WTX, InvType.WITNESS_TX]);
      peer.close();
    }
  });

  it.each([
    ['a hash', [], 'inv'],
    ['a header', [raw('sendheaders')], 'headers'],
    [
      'a compact block',
      [2n, 1n].map((version) => wellFormed('sendcmpct', { highBandwidth: true, version })),
      'cmpctblock',
    ],
  ])('announces a block by %s if that is negotiated before verack', async (_name, negotiation, announcement) => {
    const clients = ports().map((port) => new RawPeer(port));
    for (const peer of clients) {
      await peer.shakeHands({}, negotiation);
      // A header is announced only to a peer that is known to have the parent.
      await peer.request([wellFormed('headers', { headers: [chain.tip.header] })]);
    }
    await both(nextBlock());
    for (const peer of clients) {
      const announcements = () =>
        peer.received.map(({ command }) => command).filter((command) => /^(inv|headers|cmpctblock)$/.test(command));
      await waitFor(() => announcements().length > 0);
      expect(announcements()).toEqual([announcement]);
      peer.close();
    }
  });

  it('discourages the sender of a block that proves invalid only when another peer sends its parent', async () => {
    const parent = nextBlock();
    const child = mineBlock({ ...parent.header, hash: parent.hash, height: chain.tip.height + 1 }, { fees: 1n });
    const headers = wellFormed('headers', { headers: [parent.header, child.header] });
    const isDiscouraged = async (port: number, id: number) => {
      if (port !== bitcoind.port) return disconnects.some((reason) => reason.startsWith('misbehaving: bad-cb-amount'));
      return new RegExp(`Misbehaving: peer=${id}\\b|peer=${id} got DoS score 100 `).test(await bitcoindLog());
    };
    for (const port of ports()) {
      const sender = await join(port);
      await sender.request([headers]);
      const { id } = (await bitcoind.rpc<{ id: number }[]>('getpeerinfo')).at(-1) ?? { id: -1 };
      const other = await join(port);
      await sender.request([wellFormed('block', child)]);
      expect(await isDiscouraged(port, id)).toBe(false);
      other.send([wellFormed('block', parent)]);
      await waitFor(() => isDiscouraged(port, id));
      expect(other.closed).toBe(false);
      sender.close();
      other.close();
    }
    expect(toHex(chain.tip.hash)).toBe(toHex(parent.hash));
  });

  it('ignores messages before version on a v2 connection', async () => {
    for (const port of ports()) {
      const socket = connect(port, '127.0.0.1');
      const framing = new V2Framing({ magic: regtest.magic, initiating: true }, systemRandom);
      const received: string[] = [];
      let closed = false;
      socket.on('close', () => {
        closed = true;
      });
      const write = (bytes: Uint8Array) => void socket.write(bytes);
      socket.on('data', (chunk) => framing.receive(chunk, ({ command }) => received.push(command), write));
      for (const part of framing.start()) write(part);
      await waitFor(() => framing.isOpen);
      const send = (command: string, payload: Uint8Array) => {
        for (const part of framing.frame(command, payload)) write(part);
      };
      const nonce = new Uint8Array(8).fill(1);
      for (const command of ['verack', 'wtxidrelay', 'sendaddrv2', 'sendheaders', 'mempool', 'getaddr', 'nosuchthing'])
        send(command, new Uint8Array(0));
      send('ping', nonce);
      send('inv', repeated(50_001, new Uint8Array(36)));
      const time = BigInt(Math.floor(Date.now() / 1000));
      send('version', encodeMessage('version', versionMessage({ time })));
      await waitFor(() => closed || received.includes('verack'));
      expect(received[0]).toBe('version');
      send('verack', new Uint8Array(0));
      send('ping', nonce);
      await waitFor(() => closed || received.includes('pong'));
      expect(closed).toBe(false);
      expect(received.filter((command) => command === 'pong')).toHaveLength(1);
      socket.destroy();
    }
  });
});
