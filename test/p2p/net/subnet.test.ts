import { describe, expect, it } from 'vitest';
import { formatSubnet, isInSubnet, parseSubnet } from '../../../src/p2p/net/subnet.ts';

describe('a subnet', () => {
  // Core's netbase_tests (subnet_test).
  it.each([
    ['1.2.3.4', '1.2.3.4/32'],
    ['1.2.3.4/24', '1.2.3.0/24'],
    ['1.2.3.4/255.255.255.0', '1.2.3.0/24'],
    ['1.2.255.4/20', '1.2.240.0/20'],
    ['1.2.3.4/255.255.240.0', '1.2.0.0/20'],
    ['1.2.3.5/31', '1.2.3.4/31'],
    ['1.2.3.4/0', '0.0.0.0/0'],
    ['1.2.3.4/0.0.0.0', '0.0.0.0/0'],
    ['1.2.3.4/255.255.255.255', '1.2.3.4/32'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8/128'],
    ['1:2:3:4:5:6:7:8/ffff:ffff:ffff:fffe:ffff:ffff:ffff:ff0f', undefined],
    ['1:2:3:4:5:6:7:8/ffff:ffff:e000::', '1:2::/35'],
    ['1:2:3:4:5:6:7:8/128', '1:2:3:4:5:6:7:8/128'],
    ['1:2:3:4:5:6:7:8/33', '1:2::/33'],
    ['::ffff:1.2.3.4/24', '1.2.3.0/24'],
    ['1.2.3.4/33', undefined],
    ['1.2.3.4/-1', undefined],
    ['1.2.3.4/', undefined],
    ['1.2.3.4/24/24', undefined],
    ['1.2.3.4/24x', undefined],
    ['1.2.3.4/255.0.255.0', undefined],
    ['1.2.3.4/0.255.255.255', undefined],
    ['1.2.3.4/ffff::', undefined],
    ['1:2:3:4:5:6:7:8/129', undefined],
    ['1:2:3:4:5:6:7:8/255.255.0.0', undefined],
    ['localhost/8', undefined],
    ['', undefined],
  ])('written %j is %j', (text, formatted) => {
    const subnet = parseSubnet(text);
    expect(subnet && formatSubnet(subnet)).toBe(formatted);
  });

  it.each([
    ['10.1.2.0/23', ['10.1.2.0', '10.1.3.255', '::ffff:10.1.2.9'], ['10.1.1.255', '10.1.4.0', '10.0.2.0', '::a01:200']],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
    ['0.0.0.0/0', ['255.255.255.255', '0.0.0.0'], ['::', 'localhost']],
    ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::', '2001:db9::', '32.1.13.184']],
    ['::/0', ['::1', 'ffff::'], ['1.2.3.4']],
  ])('%s holds its addresses only', (text, inside, outside) => {
    const subnet = parseSubnet(text)!;
    expect(inside.filter((host) => !isInSubnet(host, subnet))).toEqual([]);
    expect(outside.filter((host) => isInSubnet(host, subnet))).toEqual([]);
  });
});
