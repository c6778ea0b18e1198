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

describeBitcoind('what bitcoind and Pier do alike', () => {
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
      { listen: { host: '127.0.0.1', port: 0 } },
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

  it('asked for what there is not, both name the transactions and are silent on blocks', async () => {
    const entries = [InvType.BLOCK, InvType.WITNESS_BLOCK, InvType.WTX, InvType.CMPCT_BLOCK, InvType.WITNESS_TX].map(
      (type) => ({ type, hash: new Uint8Array(32).fill(type) }),
    );
    for (const port of ports()) {
      const peer = await join(port);
      const answers = await peer.request([wellFormed('getdata', { entries })]);
      const missing = answers.flatMap(({ command, payload }) =>
        command === 'notfound' ? decodeMessage(command, payload).entries : [],
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
  ])('asked for it before the verack, both announce a block by %s', async (_name, wishes, announcement) => {
    const told = ports().map((port) => new RawPeer(port));
    for (const peer of told) {
      await peer.shakeHands({}, wishes);
      // That it has the last block is what it has to say for a header to be of use to it.
      await peer.request([wellFormed('headers', { headers: [chain.tip.header] })]);
    }
    await both(nextBlock());
    for (const peer of told) {
      const announcements = () =>
        peer.received.map(({ command }) => command).filter((command) => /^(inv|headers|cmpctblock)$/.test(command));
      await waitFor(() => announcements().length > 0);
      expect(announcements()).toEqual([announcement]);
      peer.close();
    }
  });

  it('sent a block that turns out invalid when another peer brings its parent, both blame the first', async () => {
    const parent = nextBlock();
    const child = mineBlock({ ...parent.header, hash: parent.hash, height: chain.tip.height + 1 }, { fees: 1n });
    const headers = wellFormed('headers', { headers: [parent.header, child.header] });
    const hasBlamed = async (port: number, id: number) => {
      if (port !== bitcoind.port) return disconnects.some((reason) => reason.startsWith('misbehaving: bad-cb-amount'));
      return new RegExp(`Misbehaving: peer=${id}\\b|peer=${id} got DoS score 100 `).test(await bitcoindLog());
    };
    for (const port of ports()) {
      const culprit = await join(port);
      await culprit.request([headers]);
      const { id } = (await bitcoind.rpc<{ id: number }[]>('getpeerinfo')).at(-1) ?? { id: -1 };
      const other = await join(port);
      await culprit.request([wellFormed('block', child)]);
      expect(await hasBlamed(port, id)).toBe(false);
      other.send([wellFormed('block', parent)]);
      await waitFor(() => hasBlamed(port, id));
      expect(other.closed).toBe(false);
      culprit.close();
      other.close();
    }
    expect(toHex(chain.tip.hash)).toBe(toHex(parent.hash));
  });

  it('sent messages before the version over v2, both ignore them', async () => {
    for (const port of ports()) {
      const socket = connect(port, '127.0.0.1');
      const framing = new V2Framing({ magic: regtest.magic, initiating: true }, systemRandom);
      const heard: string[] = [];
      let closed = false;
      socket.on('close', () => {
        closed = true;
      });
      const write = (bytes: Uint8Array) => void socket.write(bytes);
      socket.on('data', (chunk) => framing.receive(chunk, ({ command }) => heard.push(command), write));
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
      await waitFor(() => closed || heard.includes('verack'));
      expect(heard[0]).toBe('version');
      send('verack', new Uint8Array(0));
      send('ping', nonce);
      await waitFor(() => closed || heard.includes('pong'));
      expect(closed).toBe(false);
      expect(heard.filter((command) => command === 'pong')).toHaveLength(1);
      socket.destroy();
    }
  });
});
