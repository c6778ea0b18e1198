import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { NO_STOP } from '../../src/p2p/wire/messages/locator.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mineBlock, OP_TRUE, spend } from '../chain/support/builder.ts';
import { versionMessage } from './support/fake-peer.ts';
import { raw, wellFormed } from './support/raw-message.ts';
import { type Attacker, Siege } from './support/siege.ts';

const random = new SeededRandom(1);
const MB = 1_000_000;

/** A new one for every flood. */
let siege: Siege;
afterEach(() => siege.stop());

async function besiege(options?: Parameters<typeof Siege.begin>[0]): Promise<Attacker> {
  siege = await Siege.begin(options);
  return siege.join();
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const output = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });
const payload = (i: number) => new ByteWriter(8).u64(BigInt(i)).finish();

describe('a flood of', { timeout: 60_000 }, () => {
  it('announced transactions leaves at most 5,000 tracked per peer', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    await attacker.send(
      times(3, () => wellFormed('inv', { entries: times(50_000, () => ({ type: 5, hash: random.bytes(32) })) })),
    );
    // Tracked announcements, and the 10,000 last ids known to the peer.
    expect(siege.heldBytes() - before).toBeLessThan(6 * MB);
    expect(siege.heldBytes() - before).toBeGreaterThan(MB / 2);
    const requested = attacker.peer.received('getdata').flatMap(({ entries }) => [...entries]);
    expect(requested.length).toBeLessThanOrEqual(100);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 2);
  });

  it('addresses is rate-limited after the first thousand', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const address = () => ({ time: 1_769_999_000, services: 1033n, network: 1, address: random.bytes(4), port: 8333 });
    await attacker.send(times(100, () => wellFormed('addr', { addresses: times(1000, address) })));
    const { addressesProcessed, addressesRateLimited } = siege.node.connections.info(
      siege.node.connections.peers().find(({ remote }) => remote.host === attacker.host)!,
    );
    expect(addressesProcessed).toBeLessThanOrEqual(1_001);
    expect(addressesProcessed + addressesRateLimited).toBe(100_000);
    expect(siege.heldBytes() - before).toBeLessThan(3 * MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('requests whose answers are not read is held back by flow control', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    attacker.peer.connection.pause();
    const { tip } = siege.scene;
    const wanted = times(5_000, (i) => ({ type: InvType.WITNESS_BLOCK, hash: tip.ancestor(i % tip.height)!.hash }));
    const everything = { locator: [tip.ancestor(0)!.hash], stop: NO_STOP };
    const round = [
      wellFormed('getdata', { entries: wanted }),
      wellFormed('getheaders', everything),
      wellFormed('getblocks', everything),
      wellFormed('ping', { nonce: 1n }),
    ];
    await attacker.send(times(60, () => concatBytes(...round)));
    // The node stops reading at 1 MB of unsent and 5 MB of received bytes, plus the answer to one request.
    expect(siege.heldBytes() - before).toBeLessThan(13 * MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('requests for block filters does not delay other peers', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const { tip } = siege.scene;
    const range = { filterType: 0, startHeight: 0, stopHash: tip.hash };
    const round = concatBytes(
      wellFormed('getcfilters', range),
      wellFormed('getcfheaders', range),
      wellFormed('getcfcheckpt', { filterType: 0, stopHash: tip.hash }),
    );
    attacker.peer.connection.send(concatBytes(...times(10_000, () => round)));
    await siege.net.advance(2_000);
    await siege.expectService();
    // 4 MB of requests are queued and answered one by one.
    expect(attacker.peer.received('cfheaders').length).toBeGreaterThan(0);
    expect(attacker.peer.received('cfheaders').length).toBeLessThan(1_000);
    expect(siege.heldBytes() - before).toBeLessThan(12 * MB);
    // No further request is answered while the peer does not read.
    attacker.peer.connection.pause();
    await siege.net.advance(20_000);
    expect(siege.heldBytes() - before).toBeLessThan(13 * MB);
    await siege.expectService();
    expect(attacker.verdict).toBe('ignored');
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 2);
  });

  it('pings is answered if the peer reads', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    await attacker.send(times(20_000, (i) => raw('ping', payload(i))));
    expect(attacker.peer.commands().filter((command) => command === 'pong')).toHaveLength(20_000);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('unconnecting headers leads to one getheaders in two minutes', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const { tip } = siege.scene;
    const strange = (i: number) => {
      const fields = { ...tip.header, version: 4, time: tip.time, bits: tip.bits, merkleRoot: random.bytes(32) };
      for (let nonce = 0; ; nonce++) {
        const header = new BlockHeader({ ...fields, prevHash: new Uint8Array(32).fill(i + 1), nonce });
        if (header.hash[31]! < 0x7f) return header;
      }
    };
    const requests = attacker.peer.received('getheaders').length;
    await attacker.send(times(2_000, (i) => wellFormed('headers', { headers: [strange(i)] })));
    expect(attacker.peer.received('getheaders').length - requests).toBeLessThanOrEqual(1);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('headers of deep low-work forks is not stored', async () => {
    const attacker = await besiege();
    const { chain } = siege.node;
    const before = siege.heldBytes();
    const tips = chain.tips().length;
    const fork = (tag: number) => {
      const headers: BlockHeader[] = [];
      let prev: Parameters<typeof mineBlock>[0] = chain.atHeight(1)!;
      for (let i = 0; i < 50; i++) {
        const { header, hash } = mineBlock(prev, { tag, time: prev.time + 1 });
        headers.push(header);
        prev = { hash, height: prev.height + 1, time: header.time, bits: header.bits };
      }
      return headers;
    };
    await attacker.send(times(20, (i) => wellFormed('headers', { headers: fork(i) })));
    expect(chain.tips()).toHaveLength(tips);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('orphans leaves at most a hundred', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const script = new Uint8Array(20_000).fill(0x6a);
    const orphan = () =>
      spend({ inputs: [{ txid: random.bytes(32), vout: 0 }], outputs: [{ value: 1n, scriptPubKey: script }] });
    await attacker.send(times(400, () => wellFormed('tx', orphan())));
    // A hundred orphans, and as many extra transactions for compact blocks, each in a block of memory for its length.
    expect(siege.heldBytes() - before).toBeLessThan(200 * 24_576 + MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.heldBytes() - before).toBeLessThan(100 * 20_000 + MB / 2);
  });

  it('one transaction with many witnesses does not keep the valid one out', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const plan = { inputs: [siege.coin()], outputs: [output(2_500_000_000n), output(2_400_000_000n)] };
    const valid = spend(plan);
    await attacker.send(times(1_000, (i) => wellFormed('tx', spend({ ...plan, witness: [payload(i)] }))));
    expect(siege.node.mempool.size).toBe(0);
    expect(siege.heldBytes() - before).toBeLessThan(MB);
    expect(attacker.verdict).toBe('ignored');
    expect(siege.near.mempool.accept(valid)).not.toHaveProperty('reject');
    await siege.net.until(() => siege.far.mempool.has(valid.txid), 1_000);
    await siege.expectService();
  });

  it('one invalid transaction holds no memory', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const invalid = spend({ inputs: [siege.coin()], outputs: [output(5_000_000_000n), output(1n)] });
    await attacker.send(times(3_000, () => wellFormed('tx', invalid)));
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    await siege.expectService();
  });

  it('notfound and unknown commands is ignored', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    const entries = times(5_000, () => ({ type: 1, hash: random.bytes(32) }));
    await attacker.send(times(20, () => wellFormed('notfound', { entries })));
    await attacker.send(times(5_000, (i) => raw(`x${i}`, random.bytes(20))));
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('connections from one address is refused when all inbound slots are taken', async () => {
    await besiege({ maxInbound: 12 });
    const before = siege.heldBytes();
    for (let i = 0; i < 60; i++) await siege.net.dial(siege.node, '203.0.113.77');
    await siege.net.advance(100);
    expect(siege.node.connections.peers().length).toBeLessThanOrEqual(12);
    expect(siege.heldBytes() - before).toBeLessThan(MB);
    await siege.expectService();
    // Silent connections are closed after the handshake timeout.
    await siege.net.advance(62_000, 500);
    expect(siege.node.connections.peers().length).toBeLessThanOrEqual(5);
  });
});

describe('a slow peer', { timeout: 60_000 }, () => {
  it('that sends its version byte by byte is disconnected after a minute', async () => {
    await besiege();
    const before = siege.heldBytes();
    const slow = await siege.dial();
    const version = wellFormed('version', versionMessage());
    for (const byte of version.subarray(0, 62)) {
      if (!slow.peer.closed) slow.peer.connection.send(Uint8Array.of(byte));
      await siege.net.advance(1_000, 250);
    }
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    expect(slow.verdict).toBe('disconnected');
    await siege.expectService();
  });

  it('that does not complete a long message holds little memory, and is disconnected on a ping timeout', async () => {
    const attacker = await besiege();
    const before = siege.heldBytes();
    attacker.peer.answersPings = false;
    await attacker.send([raw('block', new Uint8Array(1_000), { length: 4_000_000 })]);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 2);
    await siege.expectService();
    for (let minute = 0; minute < 24 && !attacker.peer.closed; minute++) {
      attacker.peer.connection.send(Uint8Array.of(0));
      await siege.net.advance(60_000, 1_000);
    }
    expect(attacker.verdict).toBe('disconnected');
    await siege.expectService();
  });

  it('that does not send an announced block delays it only until the block is requested from another peer', async () => {
    const attacker = await besiege();
    const { near, far, node, net } = siege;
    const before = siege.heldBytes();
    const block = mineBlock(node.chain.tip, { time: Math.floor(net.clock.now() / 1000) });
    await attacker.send([wellFormed('headers', { headers: [block.header] })]);
    expect(attacker.peer.commands()).toContain('getdata');
    // The honest node gets the block now.
    await near.chain.acceptBlock(block);
    await net.until(() => Buffer.compare(far.chain.tip.hash, block.hash) === 0, 15_000, 50);
    expect(siege.heldBytes() - before).toBeLessThan(MB / 10);
    // A single overdue block is not penalized.
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });
});
