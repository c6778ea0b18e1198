import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import type { ConnectionManager } from '../../src/p2p/connections/connection-manager.ts';
import { TcpTransport } from '../../src/p2p/transport/tcp-transport.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { compactMisbehaviours } from '../p2p/support/compact-misbehaviours.ts';
import { misbehaviours, type Scene } from '../p2p/support/misbehaviours.ts';
import { wellFormed } from '../p2p/support/raw-message.ts';
import { RawPeer } from '../p2p/support/raw-peer.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { fullNodeConnections } from '../support/full-node-connections.ts';
import { verdictOfBitcoind, verdictOfPier } from './support/verdict.ts';

const BLOCKS = 260;

describeBitcoind('misbehaviour, compared with bitcoind', () => {
  let bitcoind: Bitcoind;
  let chain: Chain;
  let mempool: Mempool;
  let peers: ConnectionManager;
  const disconnects: string[] = [];
  let coins = 0;

  beforeAll(async () => {
    bitcoind = await startBitcoind({
      args: ['-debug=net', '-acceptnonstdtxn=1', '-peerbloomfilters=0', '-blockfilterindex=1', '-peerblockfilters=1'],
    });
    const modules = { clock: systemClock, logger: silentLogger };
    chain = await Chain.open({ params: regtest, blockFilterIndex: true }, { ...modules, store: new MemoryStore() });
    mempool = new Mempool({ requireStandard: false }, { ...modules, chain });
    ({ connections: peers } = fullNodeConnections(
      { listen: [{ host: '127.0.0.1', port: 0 }] },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    ));
    peers.events.on('disconnected', ({ reason }) => disconnects.push(reason));
    await peers.start();
    const start = Math.floor(Date.now() / 1000) - BLOCKS;
    for (let i = 0; i < BLOCKS; i++) {
      const block = mineBlock(chain.tip, { time: start + i });
      const [ours, theirs] = await Promise.all([
        chain.acceptBlock(block),
        bitcoind.rpc('submitblock', toHex(block.encode())),
      ]);
      expect([ours.reject, theirs]).toEqual([undefined, null]);
    }
  });
  afterAll(async () => {
    await peers?.stop();
    mempool?.close();
    await chain?.close();
    await bitcoind?.stop();
  });

  const scene = (): Scene => ({
    tip: chain.tip,
    now: Math.floor(Date.now() / 1000),
    coin: () => outpoint(chain.getBlock(chain.atHeight(++coins)!)!.transactions[0]!),
  });

  it.each([...misbehaviours, ...compactMisbehaviours])(
    '$name: $verdict',
    async ({ verdict, early = false, messages }) => {
      const bytes = messages(scene());
      const theirs = await verdictOfBitcoind(bitcoind, bytes, early);
      const ours = await verdictOfPier(peers, bytes, theirs, early);
      expect({ ours, theirs }).toEqual({ ours: verdict, theirs: verdict });
    },
  );

  it('does not serve transactions to a relay=0 peer, and sends no notfound', async () => {
    const output = { value: 4_999_990_000n, scriptPubKey: OP_TRUE };
    const tx = spend({ inputs: [scene().coin()], outputs: [output, { ...output, value: 5_000n }] });
    expect(mempool.accept(tx)).not.toHaveProperty('reject');
    expect(await bitcoind.rpc('sendrawtransaction', toHex(tx.encode()))).toBe(tx.txidHex);
    const getdata = wellFormed('getdata', { entries: [{ type: InvType.TX, hash: tx.txid }] });
    for (const port of [bitcoind.port, peers.endpoint!.port]) {
      const peer = new RawPeer(port);
      await peer.shakeHands({ relay: false });
      const commands = (await peer.request([getdata])).map(({ command }) => command);
      expect(commands).not.toContain('tx');
      expect(commands).not.toContain('notfound');
      peer.close();
    }
  });

  it('harms neither node', async () => {
    expect(await bitcoind.rpc('getblockcount')).toBe(BLOCKS);
    expect(chain.tip.height).toBe(BLOCKS);
    expect(disconnects).not.toContain('internal error');
  });
});
