import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { AddressManager } from '../../../src/p2p/addresses/address-manager.ts';
import type { KnownAddress } from '../../../src/p2p/addresses/known-address.ts';
import { PeersFile } from '../../../src/p2p/addresses/peers-file.ts';
import { parseSubnet } from '../../../src/p2p/net/subnet.ts';
import { LmdbStore } from '../../../src/store/lmdb/lmdb-store.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { START_MS, TestNetwork } from '../support/network.ts';

const at = (port: number) => ({ host: '127.0.0.1', port });
const KEY = new SeededRandom(1).bytes(32);

/** Persists twenty addresses, half of them tried, with bans and anchors. */
function fill(file: PeersFile): AddressManager {
  const book = open(file, false);
  file.setKey(KEY);
  for (let port = 3000; port < 3020; port++) {
    book.add({ endpoint: at(port), services: 1033n, time: START_MS / 1000 }, at(3000));
    book.attempted(at(port));
    if (port % 2 === 0) book.good(at(port), 9n);
  }
  file.setBans([{ subnet: parseSubnet('10.0.0.0/8')!, created: 5, until: 4_102_444_800 }]);
  file.setAnchors([at(3002), { host: '2001:db8::1', port: 8333 }]);
  return book;
}

function open(file: PeersFile, restore = true): AddressManager {
  const book = new AddressManager({
    clock: new VirtualClock(START_MS),
    random: new SeededRandom(2),
    key: file.key() ?? KEY,
    changed: (address, isRemoved) => file.addressChanged(address, isRemoved),
  });
  if (restore) for (const address of file.addresses()) book.restore(address);
  return book;
}

/** Returns the records of one kind, the second byte of their keys. */
function records(store: Store, kind: string): [Uint8Array, Uint8Array][] {
  return [...store.entries()].filter(([key]) => key[0] === 0x50 && key[1] === kind.charCodeAt(0)) as [
    Uint8Array,
    Uint8Array,
  ][];
}

describe('PeersFile', () => {
  it('restores addresses with their slots and history, bans and anchors', async () => {
    const store = new MemoryStore();
    const file = new PeersFile(store);
    const before = fill(file);
    await file.flush();
    const again = new PeersFile(store);
    const after = open(again);
    expect([after.size, after.triedCount]).toEqual([20, 10]);
    for (const address of before.entries()) {
      // The backoff and the time of the last counted try are not persisted.
      expect(after.get(address.endpoint)).toEqual({ ...address, dials: 0, dialedAt: 0, lastCountedTry: 0 });
    }
    expect(again.key()).toEqual(KEY);
    expect(again.bans()).toEqual([{ subnet: parseSubnet('10.0.0.0/8'), created: 5, until: 4_102_444_800 }]);
    expect(again.anchors()).toEqual([at(3002), { host: '2001:db8::1', port: 8333 }]);
  });

  it('stores when an address was last connected', async () => {
    const store = new MemoryStore();
    const file = new PeersFile(store);
    const clock = new VirtualClock(1_700_000_000_000);
    const changed = (address: KnownAddress, isRemoved: boolean) => file.addressChanged(address, isRemoved);
    const book = new AddressManager({ clock, random: new SeededRandom(1), key: KEY, changed });
    book.add({ endpoint: at(3001), services: 9n, time: 1_700_000_000 }, at(3001));
    await file.flush();
    clock.advance(60 * 60_000);
    book.connected(at(3001));
    await file.flush();
    expect([...new PeersFile(store).addresses()]).toMatchObject([{ endpoint: at(3001), time: 1_700_003_600 }]);
  });

  it('forgets lifted bans', () => {
    const store = new MemoryStore();
    const bans = () =>
      new AddressBook({ clock: new VirtualClock(1_700_000_000_000), random: new SeededRandom(1), store }).bans;
    const [first, second] = ['10.0.0.0/8', '192.0.2.1/32'].map((text) => parseSubnet(text)!);
    const before = bans();
    before.add(first!, 1_800_000_000);
    before.add(second!, 1_800_000_000);
    before.remove(first!);
    expect(bans().entries()).toMatchObject([{ subnet: second }]);
    before.clear();
    expect(bans().entries()).toEqual([]);
  });

  it('deletes removed addresses', async () => {
    const store = new MemoryStore();
    const file = new PeersFile(store);
    const book = fill(file);
    await file.flush();
    book.remove(at(3004));
    await file.flush();
    expect(open(new PeersFile(store)).get(at(3004))).toBeUndefined();
    expect(records(store, 'a')).toHaveLength(19);
  });

  it('has flushed records on disk if the process is killed', async () => {
    const path = join(tempDir('peers'), 'blockchain_3000.db');
    const store = await LmdbStore.open({ path, network: 'regtest', kind: 'blockchain' });
    const file = new PeersFile(store);
    fill(file);
    await file.flush();
    // A copy of the open file is what a kill would leave.
    await copyFile(path, `${path}.killed`);
    await store.close();
    const killed = { path: `${path}.killed`, network: 'regtest', kind: 'blockchain', readOnly: true } as const;
    const left = await LmdbStore.open(killed);
    const again = new PeersFile(left);
    expect(open(again).triedCount).toBe(10);
    expect([again.bans().length, again.anchors().length, again.key()]).toEqual([1, 2, KEY]);
    await left.close();
  });

  it('ignores damaged records', async () => {
    const store = new MemoryStore();
    const file = new PeersFile(store);
    fill(file);
    await file.flush();
    const addresses = records(store, 'a');
    const damage = [
      (value: Uint8Array) => value.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      (value: Uint8Array) => value.slice(0, 10),
      () => new Uint8Array(0),
      () => new Uint8Array(5000).fill(0xff),
    ];
    for (const [i, change] of damage.entries()) {
      const [key, value] = addresses[i]!;
      store.writeSync([{ type: 'put', key, value: change(value) }]);
    }
    // A valid value under another record's key.
    store.writeSync([{ type: 'put', key: addresses[4]![0], value: addresses[5]![1] }]);
    for (const kind of 'kbn') {
      const [[key, value]] = records(store, kind) as [[Uint8Array, Uint8Array]];
      store.writeSync([{ type: 'put', key, value: damage[0]!(value) }]);
    }
    const again = new PeersFile(store);
    expect(open(again).size).toBe(15);
    expect([again.key(), again.bans(), again.anchors()]).toEqual([undefined, [], []]);
  });
});

describe('a restarted node', () => {
  it('connects to known addresses without its seed', async () => {
    const net = new TestNetwork();
    const seed = await net.start();
    for (let i = 0; i < 4; i++) await net.start({ seeds: [seed], maxOutbound: 0 });
    const store = new MemoryStore();
    const node = await net.start({ seeds: [seed], store, port: 4000 });
    await net.until(() => node.connections.peers().length === 5, 30_000);
    // Longer than the interval at which addresses are flushed.
    await net.advance(6000, 50);
    await seed.stop();
    await node.connections.stop();
    // A closed MemoryStore cannot be reopened, so its records are copied.
    const copy = new MemoryStore();
    copy.writeSync([...store.entries()].map(([key, value]) => ({ type: 'put', key, value })));
    await node.stop();
    net.nodes.splice(net.nodes.indexOf(node), 1);
    net.nodes.splice(net.nodes.indexOf(seed), 1);
    const again = await net.start({ store: copy, port: 4000 });
    await net.until(() => again.connections.peers().filter((peer) => peer.isReady && !peer.inbound).length >= 2, 5000);
  });

  it('connects to its anchors once', async () => {
    const net = new TestNetwork();
    const store = new MemoryStore();
    const anchors = [await net.start({ maxOutbound: 0 }), await net.start({ maxOutbound: 0 })];
    new PeersFile(store).setAnchors(anchors.map(({ endpoint }) => endpoint));
    const node = await net.start({ store });
    await net.until(() => node.connections.peers().filter((peer) => peer.isReady).length === 2, 1000);
    expect(node.connections.peers().map(({ type }) => type)).toEqual(['block-relay-only', 'block-relay-only']);
    expect(new PeersFile(store).anchors()).toEqual([]);
    await node.connections.stop();
    expect(new PeersFile(store).anchors()).toEqual(anchors.map(({ endpoint }) => endpoint));
  });

  it('has its bans', async () => {
    const net = new TestNetwork();
    const store = new MemoryStore();
    const node = await net.start({ store });
    node.connections.ban(parseSubnet('203.0.113.0/24')!, START_MS / 1000 + 100);
    const again = await net.start({ store });
    expect(again.connections.bans.has('203.0.113.9')).toBe(true);
    await net.advance(101_000, 1000);
    expect([again.connections.bans.has('203.0.113.9'), again.connections.bans.entries()]).toEqual([false, []]);
  });
});
