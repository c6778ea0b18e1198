import { describe, expect, it } from 'vitest';
import { type Ban, BanList } from '../../../src/p2p/addresses/ban-list.ts';
import { Discouraged } from '../../../src/p2p/addresses/discouraged.ts';
import { formatSubnet, parseSubnet } from '../../../src/p2p/net/subnet.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const NOW = 1_700_000_000;
const subnet = (text: string) => parseSubnet(text)!;
const formatted = (bans: readonly Ban[]) => bans.map((ban) => formatSubnet(ban.subnet));

function start(persisted: readonly Ban[] = []) {
  const clock = new VirtualClock(NOW * 1000);
  const changes: string[][] = [];
  const bans = new BanList(clock, persisted, (all) => changes.push(formatted(all)));
  return { bans, changes, clock };
}

describe('a ban', () => {
  it('holds for the hosts of its subnet up to its time, in Unix seconds', () => {
    const { bans, clock } = start();
    bans.add(subnet('10.1.0.0/16'), NOW + 60);
    expect(['10.1.0.0', '10.1.255.255', '10.2.0.0', '11.1.0.0'].map((host) => bans.has(host))).toEqual([
      ...[true, true, false, false],
    ]);
    expect(bans.entries()).toEqual([{ subnet: subnet('10.1.0.0/16'), created: NOW, until: NOW + 60 }]);
    clock.advance(60_000);
    expect([bans.has('10.1.0.0'), bans.hasSubnet(subnet('10.1.0.0/16')), bans.entries().length]).toEqual([
      true,
      true,
      1,
    ]);
    clock.advance(1_000);
    expect([bans.has('10.1.0.0'), bans.hasSubnet(subnet('10.1.0.0/16')), bans.entries().length]).toEqual([
      ...[false, false, 0],
    ]);
  });

  it.each(['has', 'hasSubnet', 'entries'] as const)('that has expired is dropped by %s alone', (query) => {
    const { bans, clock } = start();
    bans.add(subnet('10.1.0.0/16'), NOW + 60);
    clock.advance(61_000);
    const answer = {
      has: () => bans.has('10.1.2.3'),
      hasSubnet: () => bans.hasSubnet(subnet('10.1.0.0/16')),
      entries: () => bans.entries().length > 0,
    };
    expect(answer[query]()).toBe(false);
  });

  it('is extended, but not shortened', () => {
    const { bans, changes } = start();
    const host = subnet('192.0.2.1');
    bans.add(host, NOW + 60);
    bans.add(host, NOW + 60);
    bans.add(host, NOW + 30);
    expect([bans.entries()[0]!.until, changes.length]).toEqual([NOW + 60, 1]);
    bans.add(host, NOW + 61);
    expect([bans.entries()[0]!.until, changes.length]).toEqual([NOW + 61, 2]);
  });

  it('of a subnet is lifted by exactly that subnet', () => {
    const { bans, changes } = start();
    bans.add(subnet('10.0.0.0/8'), NOW + 60);
    expect([bans.hasSubnet(subnet('10.0.0.0/9')), bans.remove(subnet('10.0.0.0/9')), bans.has('10.1.1.1')]).toEqual([
      ...[false, false, true],
    ]);
    expect(changes).toHaveLength(1);
    expect([bans.remove(subnet('10.0.0.0/8')), bans.has('10.1.1.1')]).toEqual([true, false]);
    expect(changes.at(-1)).toEqual([]);
  });

  it('is listed by network, IPv4 first, then by length, and reported on each change', () => {
    const { bans, changes } = start();
    const sorted = ['9.255.0.0/16', '10.0.0.0/8', '10.0.0.0/9', '10.0.1.0/24', '::1/128', '2001:db8::/32'];
    for (const i of [3, 5, 1, 0, 4, 2]) bans.add(subnet(sorted[i]!), NOW + 60);
    expect(formatted(bans.entries())).toEqual(sorted);
    expect(changes.at(-1)).toEqual(sorted);
    bans.clear();
    expect([bans.entries(), changes.at(-1)]).toEqual([[], []]);
  });

  it('is restored', () => {
    const { bans } = start([{ subnet: subnet('10.0.0.0/8'), created: 5, until: NOW + 1 }]);
    expect([bans.has('10.1.1.1'), bans.entries()[0]!.created]).toEqual([true, 5]);
  });
});

describe('a discouraged peer', () => {
  it.each([
    ['of another machine', { host: '203.0.113.7', port: 50_000 }, undefined, { host: '203.0.113.7', port: 8333 }, true],
    ['of another host', { host: '203.0.113.7', port: 50_000 }, undefined, { host: '203.0.113.8', port: 50_000 }, false],
    [
      'that connected from this machine',
      { host: '127.0.0.1', port: 50_000 },
      undefined,
      { host: '127.0.0.1', port: 50_000 },
      false,
    ],
    [
      'on this machine',
      { host: '127.0.0.1', port: 3000 },
      { host: '127.0.0.1', port: 3000 },
      { host: '127.0.0.1', port: 3000 },
      true,
    ],
    [
      'at another port',
      { host: '127.0.0.1', port: 3000 },
      { host: '127.0.0.1', port: 3000 },
      { host: '127.0.0.1', port: 3001 },
      false,
    ],
  ])('%s is known by its host, on this machine by where it listens', (_, remote, target, asked, isKnown) => {
    const discouraged = new Discouraged();
    discouraged.add(remote, target);
    expect(discouraged.has(asked)).toBe(isKnown);
  });
});
