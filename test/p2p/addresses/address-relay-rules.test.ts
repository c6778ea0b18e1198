import { beforeEach, describe, expect, it } from 'vitest';
import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { AddressRelay } from '../../../src/p2p/addresses/address-relay.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { AddrMessage } from '../../../src/p2p/wire/messages/addr.ts';
import { type PeerAddress, toEndpoint, toNetAddress } from '../../../src/p2p/wire/messages/net-address.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const NOW = 1_700_000_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OWN = { host: '198.51.100.100', port: 8333 };

let clock: VirtualClock;
let book: AddressBook;
let relay: AddressRelay;
let peers: FakePeer[];
let learned: number;

interface FakePeer {
  readonly peer: Peer;
  /** The commands sent to it, and the hosts in each address message. */
  readonly commands: string[];
  readonly hosts: string[][];
}

/** Connects a peer of another host each time. Inbound peers enable address relay by `getaddr`. */
function connect(fields: { type?: string; host?: string; local?: Endpoint; wantsAddrV2?: boolean } = {}): FakePeer {
  const { type = 'inbound', host = `${20 + peers.length}.0.0.1`, local = OWN, wantsAddrV2 = false } = fields;
  const commands: string[] = [];
  const hosts: string[][] = [];
  const peer = {
    ...{ id: peers.length, type, inbound: type === 'inbound', remote: { host, port: 50_000 }, local },
    ...{ endpoint: undefined, handshake: { wantsAddrV2 } },
    send: (command: string, { addresses }: AddrMessage) => {
      commands.push(command);
      if (addresses) hosts.push(addresses.map((address) => toEndpoint(address)?.host ?? `network ${address.network}`));
    },
  } as unknown as Peer;
  relay.peerReady(peer);
  const fake = { peer, commands, hosts };
  peers.push(fake);
  return fake;
}

/** Connects inbound peers with address relay. */
const connectAll = (count: number) =>
  Array.from({ length: count }, () => {
    const fake = connect();
    relay.requested(fake.peer);
    fake.hosts.length = 0;
    return fake;
  });

const now = () => Math.floor(clock.now() / 1000);
const address = (host: string, fields: Partial<PeerAddress> = {}): PeerAddress => ({
  ...toNetAddress({ host, port: 8333 })!,
  ...{ services: 9n, time: now(), ...fields },
});
const known = (host: string) => book.addresses.get({ host, port: 8333 });
/** Lets a rate-limited peer send some more addresses. */
const refresh = (count = 10) => clock.advance(count * 10 * SECOND);

beforeEach(() => {
  clock = new VirtualClock(NOW * 1000);
  peers = [];
  learned = 0;
  const random = new SeededRandom(1);
  book = new AddressBook({ clock, random });
  book.events.on('learned', () => learned++);
  relay = new AddressRelay({ services: 1033n }, { book, clock, random });
});

describe('the time of a received address', () => {
  // Core: an impossible time counts as five days ago; the penalty for another node's address is two hours.
  it.each([
    ['of now', 0, -2 * 3600],
    ['of ten minutes from now', 600, 600 - 2 * 3600],
    ['of later than that', 601, -5 * 24 * 3600 - 2 * 3600],
    ['of 1973', 100_000_000 - NOW - 11, -5 * 24 * 3600 - 2 * 3600],
    ['of a second later', 100_000_001 - NOW - 11, 100_000_001 - NOW - 2 * 3600 - 11],
  ])('%s is corrected', (_, offset, expected) => {
    const { peer } = connect();
    clock.advance(11 * SECOND);
    relay.received(peer, [address('1.2.3.4', { time: now() + offset })]);
    expect(known('1.2.3.4')!.time).toBe(now() + expected);
  });

  it('has no penalty if the node announces itself', () => {
    const { peer } = connect();
    relay.received(peer, [address(peer.remote.host)]);
    expect(known(peer.remote.host)).toMatchObject({ time: NOW, source: peer.remote });
  });
});

describe('a received address', () => {
  it('is learned once', () => {
    const { peer } = connect();
    relay.received(peer, [address('1.2.3.4')]);
    expect([known('1.2.3.4') !== undefined, learned]).toEqual([true, 1]);
    refresh();
    relay.received(peer, [address('1.2.3.4')]);
    expect(learned).toBe(1);
  });

  it.each<[string, string, Partial<PeerAddress>, () => void]>([
    ['of a node without blocks', '1.2.3.4', { services: 8n }, () => {}],
    ['of the wildcard host', '0.0.0.0', {}, () => {}],
    ['of port 0', '1.2.3.4', { port: 0 }, () => {}],
    ['of this node', OWN.host, {}, () => {}],
    [
      'of a banned host',
      '1.2.3.4',
      {},
      () => book.bans.add({ network: Uint8Array.of(1, 2, 3, 4), prefixLength: 32 }, NOW + 99),
    ],
    ['of a discouraged host', '1.2.3.4', {}, () => book.discouraged.add({ host: '1.2.3.4', port: 1 }, undefined)],
    ['of a private host, from the internet', '10.0.0.1', {}, () => {}],
  ])('%s is neither kept nor relayed, but counts', (_, host, fields, prepare) => {
    book.listening = OWN;
    const [source, other] = connectAll(2) as [FakePeer, FakePeer];
    prepare();
    relay.received(source.peer, [address(host, fields)]);
    clock.advance(SECOND);
    expect([book.addresses.size, other.hosts, learned]).toEqual([0, [], 0]);
    expect(relay.info(source.peer)).toMatchObject({ processed: 1, rateLimited: 0 });
  });

  it('of a peer without address relay is ignored', () => {
    const { peer } = connect({ type: 'block-relay-only' });
    relay.received(peer, [address('1.2.3.4')]);
    expect([book.addresses.size, relay.info(peer)]).toEqual([0, { enabled: false, processed: 0, rateLimited: 0 }]);
    const gone = connect();
    relay.peerClosed(gone.peer);
    relay.received(gone.peer, [address('1.2.3.4')]);
    expect(book.addresses.size).toBe(0);
  });
});

describe('address relay', () => {
  // Core: fRelay is set for messages of at most ten addresses, which do not answer our getaddr.
  it.each([
    [10, 10],
    [11, 0],
  ])('of a message of %d addresses is of %d', (count, relayed) => {
    const [source, other] = connectAll(2) as [FakePeer, FakePeer];
    refresh(20);
    relay.received(
      source.peer,
      Array.from({ length: count }, (_, i) => address(`${50 + i}.0.0.1`)),
    );
    clock.advance(SECOND);
    expect(other.hosts.flat()).toHaveLength(relayed);
    expect(book.addresses.size).toBe(count);
  });

  it.each([
    [599, true],
    [600, false],
  ])('of an address last seen %d seconds ago: %s', (age, isRelayed) => {
    const [source, other] = connectAll(2) as [FakePeer, FakePeer];
    relay.received(source.peer, [address('50.0.0.1', { time: now() - age })]);
    clock.advance(SECOND);
    expect(other.hosts).toEqual(isRelayed ? [['50.0.0.1']] : []);
  });

  it('begins after the answer to our getaddr: a message of less than 1,000 addresses', () => {
    const [other] = connectAll(1) as [FakePeer];
    const { peer, commands } = connect({ type: 'outbound-full-relay' });
    expect(commands).toEqual(['getaddr']);
    const answer = Array.from({ length: 1_000 }, (_, i) => address(`${50 + (i % 100)}.${i >> 2}.0.1`));
    relay.received(peer, answer);
    relay.received(peer, [address('150.0.0.1')]);
    clock.advance(SECOND);
    expect(other.hosts).toEqual([]);
    refresh();
    relay.received(peer, [address('150.0.0.2')]);
    clock.advance(SECOND);
    expect(other.hosts).toEqual([['150.0.0.2']]);
  });

  it('is to two peers, for a day the same ones', () => {
    const all = connectAll(12);
    const [source, ...others] = all as [FakePeer, ...FakePeer[]];
    const targets = (host: string) => {
      refresh();
      for (const { hosts } of all) hosts.length = 0;
      relay.received(source.peer, [address(host)]);
      clock.advance(SECOND);
      return others.filter(({ hosts }) => hosts.flat().includes(host)).map(({ peer }) => peer.id);
    };
    const chosen = new Set<number>();
    const later = new Set<number>();
    for (let i = 0; i < 30; i++) {
      const host = `50.${i}.0.1`;
      const ids = targets(host);
      expect(ids).toHaveLength(2);
      // They know the address now, so that it is sent to no peer.
      expect(targets(host)).toEqual([]);
      for (const id of ids) chosen.add(id);
    }
    // Each address has its own peers.
    expect(chosen.size).toBeGreaterThan(5);
    clock.advance(24 * HOUR);
    // After a day, an address is relayed to other peers.
    for (let i = 0; i < 30; i++) for (const id of targets(`50.${i}.0.1`)) later.add(i * 100 + id);
    expect(later.size).toBeGreaterThan(20);
  });

  it('collects addresses for 100 milliseconds into one message, by addr or addrv2', () => {
    const [source] = connectAll(1) as [FakePeer];
    const old = connect();
    const modern = connect({ wantsAddrV2: true });
    for (const { peer } of [old, modern]) relay.requested(peer);
    refresh();
    relay.received(source.peer, [address('50.0.0.1')]);
    clock.advance(99);
    relay.received(source.peer, [address('51.0.0.1')]);
    expect([old.hosts, modern.hosts]).toEqual([[], []]);
    clock.advance(1);
    expect([old.commands, modern.commands]).toEqual([['addr'], ['addrv2']]);
    expect([old.hosts, modern.hosts]).toEqual([[['50.0.0.1', '51.0.0.1']], [['50.0.0.1', '51.0.0.1']]]);
  });

  it('leaves out peers that know the address or have not enabled it', () => {
    const [source, knowing] = connectAll(2) as [FakePeer, FakePeer];
    const silent = connect();
    relay.received(knowing.peer, [address('50.0.0.1', { time: now() - 3600 })]);
    relay.received(source.peer, [address('50.0.0.1')]);
    clock.advance(SECOND);
    expect([knowing.hosts, silent.hosts]).toEqual([[], []]);
    expect(relay.info(silent.peer)).toMatchObject({ enabled: false });
  });
});

describe('the own address', () => {
  it('is announced when address relay begins, and again once a day on average', () => {
    book.listening = OWN;
    const { peer, hosts, commands } = connect({ type: 'outbound-full-relay' });
    expect([commands, hosts]).toEqual([['addr', 'getaddr'], [[OWN.host]]]);
    const times: number[] = [];
    for (let hour = 1; hour <= 100 * 24; hour++) {
      clock.advance(HOUR);
      relay.tick();
      if (hosts.length > times.length + 1) times.push(hour);
    }
    expect(times.length).toBeGreaterThan(70);
    expect(times.length).toBeLessThan(130);
    relay.peerClosed(peer);
    clock.advance(1_000 * HOUR);
    relay.tick();
    expect(hosts).toHaveLength(times.length + 1);
  });

  it('is announced to a local peer every ten minutes on average', () => {
    book.listening = { host: '10.0.0.1', port: 8333 };
    const { hosts } = connect({ type: 'manual', host: '10.0.0.2' });
    for (let i = 0; i < 1_000; i++) {
      clock.advance(MINUTE);
      relay.tick();
    }
    expect(hosts.length).toBeGreaterThan(70);
    expect(hosts.length).toBeLessThan(130);
  });

  it.each<[string, Endpoint | undefined, object]>([
    ['that the node does not listen at', undefined, {}],
    ['of a private network to an internet peer', { host: '10.0.0.1', port: 8333 }, {}],
    ['that is a host name', { host: 'node.example', port: 8333 }, { host: '10.0.0.2' }],
  ])('%s is not announced', (_, listening, fields) => {
    book.listening = listening;
    const { hosts } = connect({ type: 'manual', ...fields });
    expect(hosts).toEqual([]);
  });

  it('of a wildcard is that of the connection', () => {
    book.listening = { host: '0.0.0.0', port: 8333 };
    expect(connect({ type: 'manual', local: { host: '198.51.100.7', port: 5 } }).hosts).toEqual([['198.51.100.7']]);
  });

  it('that is announced again makes other addresses unknown to the peer', () => {
    book.listening = OWN;
    const [source] = connectAll(1) as [FakePeer];
    const { hosts } = connect({ type: 'manual' });
    const relays = () => {
      refresh();
      relay.received(source.peer, [address('50.0.0.1')]);
      clock.advance(SECOND);
      return hosts.flat().filter((host) => host === '50.0.0.1').length;
    };
    expect([relays(), relays()]).toEqual([1, 1]);
    clock.advance(1_000 * HOUR);
    relay.tick();
    expect(relays()).toBe(2);
  });
});

describe('getaddr', () => {
  const fill = (count: number) => {
    for (let i = 0; i < count; i++) {
      const endpoint = { host: `${50 + (i % 100)}.${(i >> 2) & 255}.0.1`, port: 8333 };
      book.addresses.add({ endpoint, services: 9n, time: now() }, endpoint);
    }
  };
  const answer = (fields: Parameters<typeof connect>[0] = {}) => {
    const { peer, hosts } = connect(fields);
    relay.requested(peer);
    return hosts.flat();
  };

  it('is answered with at most 23% of the addresses, and at most 1,000, on the internet', () => {
    fill(100);
    const expected = Math.floor(book.addresses.size * 0.23);
    expect(answer()).toHaveLength(expected);
    clock.advance(28 * HOUR);
    fill(6_000);
    expect(book.addresses.size * 0.23).toBeGreaterThan(1_000);
    expect(answer()).toHaveLength(1_000);
  });

  it('is not answered for outbound peers, nor twice', () => {
    fill(100);
    const { peer, hosts } = connect();
    relay.requested(peer);
    relay.requested(peer);
    expect(hosts).toHaveLength(1);
    const outbound = connect({ type: 'manual' });
    relay.requested(outbound.peer);
    expect(outbound.hosts).toEqual([]);
  });

  // Core's GetAddresses: 21 to 27 hours.
  it('is answered the same for 21 to 27 hours, for each local address and IP version', () => {
    fill(1_000);
    const first = answer();
    expect(answer()).toEqual(first);
    expect(answer({ local: { ...OWN, port: 8334 } })).not.toEqual(first);
    expect(answer({ host: '2a00::1' })).not.toEqual(first);
    clock.advance(21 * HOUR - 1);
    expect(answer()).toEqual(first);
    clock.advance(6 * HOUR + 1);
    expect(answer()).not.toEqual(first);
  });

  it('is answered without refused addresses, nor those of narrower networks', () => {
    for (const host of ['10.0.0.1', '127.0.0.1', '50.0.0.1', '51.0.0.1']) {
      const endpoint = { host, port: 8333 };
      book.addresses.add({ endpoint, services: 9n, time: now() }, endpoint);
    }
    book.discouraged.add({ host: '51.0.0.1', port: 1 }, undefined);
    expect(answer({ host: '10.0.0.9' }).toSorted()).toEqual(['10.0.0.1', '50.0.0.1']);
    expect(answer({ host: '127.0.0.1' }).toSorted()).toEqual(['10.0.0.1', '127.0.0.1', '50.0.0.1']);
  });
});
