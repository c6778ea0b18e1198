import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { Chain } from '../../src/chain/chain.ts';
import { regtest } from '../../src/consensus/params.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { PeerManager } from '../../src/p2p/peer-manager.ts';
import { TcpTransport } from '../../src/p2p/tcp-transport.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock, outpoint } from '../chain/support/builder.ts';
import { misbehaviours, type Scene, type Verdict } from '../p2p/support/misbehaviours.ts';
import { RawPeer } from '../p2p/support/raw-peer.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { waitFor } from '../support/wait.ts';

const BLOCKS = 260;

/** Plays a misbehaviour to the node at `port`; the connection is open afterwards if the node still answers a ping. */
async function play(port: number, messages: readonly Uint8Array[], early: boolean): Promise<RawPeer> {
  const peer = new RawPeer(port);
  if (early) peer.send(messages);
  await peer.shakeHands();
  await peer.ask(early ? [] : messages);
  return peer;
}

describeBitcoind('misbehaviour, the same bytes sent to bitcoind and to Pier', () => {
  let bitcoind: Bitcoind;
  let chain: Chain;
  let mempool: Mempool;
  let peers: PeerManager;
  const disconnects: string[] = [];
  let coins = 0;

  beforeAll(async () => {
    bitcoind = await startBitcoind({
      args: ['-debug=net', '-acceptnonstdtxn=1', '-peerbloomfilters=0', '-blockfilterindex=1', '-peerblockfilters=1'],
    });
    const modules = { clock: systemClock, logger: silentLogger };
    chain = await Chain.open({ params: regtest, blockFilterIndex: true }, { ...modules, store: new MemoryStore() });
    mempool = new Mempool({ requireStandard: false }, { ...modules, chain });
    peers = new PeerManager(
      { listen: { host: '127.0.0.1', port: 0 } },
      { ...modules, chain, mempool, transport: new TcpTransport(), random: systemRandom },
    );
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

  async function askBitcoind(messages: readonly Uint8Array[], early: boolean): Promise<Verdict> {
    const log = join(bitcoind.dataDir, 'regtest', 'debug.log');
    const before = (await readFile(log)).length;
    const peer = await play(bitcoind.port, messages, early);
    const { closed } = peer;
    peer.close();
    // Whom it would discourage shows in the log: those on its own machine it only disconnects, and where invalid blocks are
    // the reason, Knots on regtest says so and tolerates them.
    const lines = (await readFile(log)).subarray(before).toString();
    if (/Misbehaving: peer=|got DoS score 100 /.test(lines)) return 'discouraged';
    return closed ? 'disconnected' : 'ignored';
  }

  /** Waits for the verdict that bitcoind came to, as blocks are judged after what follows them has been answered. */
  async function askPier(messages: readonly Uint8Array[], early: boolean, expected: Verdict): Promise<Verdict> {
    disconnects.length = 0;
    const peer = await play(peers.endpoint!.port, messages, early);
    if (expected !== 'ignored') await waitFor(() => peer.closed, { timeoutMs: 2_000 }).catch(() => {});
    const reason = disconnects[0];
    peer.close();
    await waitFor(() => peers.peers().length === 0);
    if (reason === undefined) return 'ignored';
    return reason.startsWith('misbehaving') ? 'discouraged' : 'disconnected';
  }

  it.each(misbehaviours)('$name: $verdict', async ({ verdict, early = false, messages }) => {
    const bytes = messages(scene());
    const theirs = await askBitcoind(bytes, early);
    const ours = await askPier(bytes, early, theirs);
    expect({ ours, theirs }).toEqual({ ours: verdict, theirs: verdict });
  });

  it('has harmed neither', async () => {
    expect(await bitcoind.rpc('getblockcount')).toBe(BLOCKS);
    expect(chain.tip.height).toBe(BLOCKS);
    expect(disconnects).not.toContain('internal error');
  });
});
