import { afterAll, beforeAll, expect, it } from 'vitest';
import { unixSeconds } from '../../src/platform/clock.ts';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { sameAnswer } from '../support/same-answer.ts';
import { waitFor } from '../support/wait.ts';

type PeerJson = Record<string, unknown> & { id: number; subver: string; version: number };

/** Members of getpeerinfo that only Knots has. */
const knotsOnly = ['last_block_announcement', 'cpu_load', 'forced_inbound', 'misbehavior_score'];

describeBitcoind('the network RPC, compared with bitcoind', () => {
  let theirs: Bitcoind;
  let ours: TestNode;
  let address: string;

  beforeAll(async () => {
    [theirs, ours] = await Promise.all([startBitcoind(), TestNode.start({ listen: true })]);
    address = `${theirs.host}:${theirs.port}`;
  });
  afterAll(async () => {
    await Promise.all([ours?.stop(), theirs?.stop()]);
  });

  const ready = () =>
    waitFor(async () => {
      const [peer] = await ours.call<PeerJson[]>('getpeerinfo');
      const [other] = await theirs.rpc<PeerJson[]>('getpeerinfo');
      return peer?.version && other?.version ? [peer, other] : undefined;
    }) as Promise<[PeerJson, PeerJson]>;

  it('connects by addnode, and reports the peer with the members that Core has', async () => {
    expect(await ours.call('addnode', address, 'add')).toBe(null);
    const [peer, other] = await ready();
    expect(peer).toMatchObject({
      addr: address,
      inbound: false,
      connection_type: 'manual',
      subver: expect.stringMatching(/Satoshi/),
    });
    expect(other).toMatchObject({ inbound: true, subver: expect.stringMatching(/^\/Satoshi:30\.0\.0\(Pier:/) });
    const optional = ['addrlocal', 'pingtime', 'minping', 'pingwait'];
    const names = (info: PeerJson) =>
      Object.keys(info).filter((name) => !knotsOnly.includes(name) && !optional.includes(name));
    const expected = names(other);
    // Newer than bitcoind 29.
    expected.splice(expected.indexOf('relaytxes') + 1, 0, 'last_inv_sequence', 'inv_to_send');
    expect(names(peer)).toEqual(expected);
    expect(await ours.call('getconnectioncount')).toBe(1);
    expect(await ours.call('getaddednodeinfo')).toEqual([
      { addednode: address, connected: true, addresses: [{ address, connected: 'outbound' }] },
    ]);
  });

  it('returns an error for a node that is added or removed twice', async () => {
    await expect(ours.call('addnode', address, 'add')).rejects.toMatchObject({ rpcCode: -23 });
    expect(await ours.call('addnode', address, 'remove')).toBe(null);
    await expect(ours.call('addnode', address, 'remove')).rejects.toMatchObject({ rpcCode: -24 });
    await expect(ours.call('getaddednodeinfo', address)).rejects.toMatchObject({ rpcCode: -24 });
    await expect(ours.call('addnode', address, 'nonsense')).rejects.toMatchObject({ rpcCode: -1 });
  });

  it('disconnects by id and by address', async () => {
    const [{ id }] = await ready();
    expect(await ours.call('disconnectnode', '', id)).toBe(null);
    await waitFor(async () => (await theirs.rpc<unknown[]>('getpeerinfo')).length === 0);
    await ours.call('addnode', address, 'onetry');
    await ready();
    expect(await ours.call('disconnectnode', address)).toBe(null);
    expect(await ours.call('getpeerinfo')).toEqual([]);
  });

  it('reports an inbound peer and the network information', async () => {
    await waitFor(async () => (await theirs.rpc<unknown[]>('getpeerinfo')).length === 0);
    const { endpoint } = ours.node.connections;
    await theirs.rpc('addnode', `127.0.0.1:${endpoint?.port}`, 'onetry', false);
    const [peer] = await ready();
    expect(peer).toMatchObject({ inbound: true, connection_type: 'inbound', network: 'not_publicly_routable' });
    const [info, expected] = await Promise.all([
      ours.call<Record<string, unknown>>('getnetworkinfo'),
      theirs.rpc<Record<string, unknown>>('getnetworkinfo'),
    ]);
    expect(Object.keys(info)).toEqual(Object.keys(expected));
    expect(info).toMatchObject({ connections: 1, connections_in: 1, connections_out: 0, networkactive: true });
    expect(info.networks).toEqual(expected.networks);
    expect(await ours.call('setnetworkactive', false)).toBe(false);
    expect(await ours.call('getconnectioncount')).toBe(0);
    expect(await ours.call('setnetworkactive', true)).toBe(true);
  });

  it('returns the same error codes and messages', async () => {
    const mistakes: [string, ...unknown[]][] = [
      ['addnode', '127.0.0.1:5', 'remove'],
      ['disconnectnode'],
      ['disconnectnode', '127.0.0.1:5', 1],
      ['disconnectnode', '127.0.0.1:5'],
      ['disconnectnode', 'nonsense'],
      ['disconnectnode', '', 77],
      ['getaddednodeinfo', '127.0.0.1:5'],
      ['getnodeaddresses', -1],
      ['getnodeaddresses', 1, 'nonsense'],
      ['setban', '10.0.0.1', 'remove'],
      ['setban', '10.0.0.1:8333', 'add'],
      ['setban', '10.0.0.1/33', 'add'],
      ['setban', '10.0.0.1/255.0.255.0', 'add'],
      ['setban', '0.0.0.0', 'add'],
      ['setban', '255.255.255.255', 'add'],
      ['setban', '2001:db8::1', 'add'],
      ['setban', 'nonsense', 'add'],
      ['setban', '10.0.0.1', 'add', 5, true],
      ['setban', '10.0.0.1', 'add', 'soon'],
      ['addpeeraddress', '1.2.3.4', 70_000],
      ['setnetworkactive', 1],
    ];
    for (const [method, ...params] of mistakes) await sameAnswer(theirs, ours, method, ...params);
  });

  it('adds, removes and lists the same bans', async () => {
    const both = (method: string, ...params: unknown[]) => sameAnswer(theirs, ours, method, ...params);
    const listed = async () => {
      const lists = await Promise.all([
        theirs.rpc<Record<string, unknown>[]>('listbanned'),
        ours.call<Record<string, unknown>[]>('listbanned'),
      ]);
      // Without the creation time, which may differ by a second.
      const [expected, actual] = lists.map((bans) => bans.map(({ address, banned_until }) => [address, banned_until]));
      expect(actual).toEqual(expected);
      expect(lists[1].map((ban) => Object.keys(ban))).toEqual(lists[0].map((ban) => Object.keys(ban)));
    };
    const until = 4_102_444_800;
    for (const subnet of [
      '10.1.2.3',
      '10.1.2.77/24',
      '10.1.0.0/255.255.0.0',
      '2a01::1',
      '2001:db8::/33',
      '::ffff:9.9.9.9',
    ]) {
      await both('setban', subnet, 'add', until, true);
    }
    await listed();
    // Short forms of IPv4, brackets, and ways to write a prefix length.
    for (const text of [
      ...['1.2.3', '1.2', '7', '127.1', '0x7f.2', '010.1.1.1', '0X0a000005', '167772161', '1.65536', '1.2.65535'],
      ...[
        '4294967296',
        '1.256.1',
        '1.2.65536',
        '1.16777216',
        '08.1',
        '0x',
        '1..2',
        '1.2.3.',
        '[1.2.3.9]',
        '[::1]',
        '[a',
      ],
      ...[
        '[2001:470::1]',
        '9.1/24',
        '[9.3.0.0]/16',
        '9.4.0.0/+15',
        '9.8.0.0/014',
        '9.9.9.9/+',
        '9.9.9.9/-1',
        '9.9.9.9/0x8',
      ],
      ...[
        '9.0.0.0/255.0',
        '9.9.9.0/255.255.255',
        '9.9.9.8/4294967295',
        '9.9.9.9/33',
        '2001:470::/129',
        '2001:470::/+033',
      ],
    ]) {
      await both('setban', text, 'add', until, true);
    }
    await both('setban', '7', 'remove');
    await both('setban', '0.0.0.8', 'remove');
    await listed();
    await both('setban', '10.1.2.3', 'add', until, true);
    await both('setban', '10.1.99.1', 'add', until, true);
    await both('setban', '10.1.2.0/24', 'add', until, true);
    await both('setban', '10.1.2.0/25', 'add', until, true);
    await both('setban', '10.1.2.99/24', 'remove');
    await both('setban', '10.1.2.0/24', 'remove');
    await listed();
    await both('clearbanned');
    await both('listbanned');
    await ours.call('setban', '192.0.2.1', 'add');
    const [ban] = await ours.call<Record<string, number>[]>('listbanned');
    expect([ban!.ban_duration, ban!.banned_until! - ban!.ban_created!]).toEqual([86_400, 86_400]);
    await ours.call('clearbanned');
  });

  it('returns addresses in the same format', async () => {
    for (const [host, tried] of [
      ['20.1.2.3', false],
      ['21.1.2.3', true],
      ['2a01::1', false],
      ['21.1.2.3', true],
      ['0.0.0.0', false],
      ['nonsense', false],
    ] as const) {
      const [expected, actual] = await Promise.all([
        theirs.rpc('addpeeraddress', host, 8333, tried),
        ours.call('addpeeraddress', host, 8333, tried),
      ]);
      expect(actual, host).toEqual(expected);
    }
    const calls = [['getaddrmaninfo'], ['getnodeaddresses', 0, 'ipv6'], ['getnodeaddresses', 0, 'onion']] as const;
    for (const [method, ...params] of calls) {
      const [expected, actual] = await Promise.all([theirs.rpc(method, ...params), ours.call(method, ...params)]);
      // Times differ, and Knots has an additional service flag.
      const json = (value: unknown) => JSON.stringify(value).replace(/"(time|services)":\d+/g, '"$1":0');
      expect(json(actual), method).toBe(json(expected));
    }
    expect(await ours.call('getnodeaddresses')).toHaveLength(1);
    // Services have 64 bits.
    const endpoint = { host: '2a02::1', port: 8333 };
    const { addresses } = ours.node.connections;
    addresses.add({ endpoint, services: 2n ** 63n + 1n, time: unixSeconds(ours.node.clock) }, endpoint);
    expect(await ours.raw('getnodeaddresses', [0, 'ipv6'])).toContain('"services":9223372036854775809,');
    // Banned addresses are not returned.
    await Promise.all([theirs.rpc('setban', '20.0.0.0/7', 'add'), ours.call('setban', '20.0.0.0/7', 'add')]);
    expect(await ours.call('getnodeaddresses', 0, 'ipv4')).toEqual(await theirs.rpc('getnodeaddresses', 0, 'ipv4'));
  });
});
