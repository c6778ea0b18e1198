import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advertisedEndpoint,
  formatEndpoint,
  isValidIp,
  isWildcard,
  parseEndpoint,
  reachOf,
} from '../../../src/p2p/net/endpoint.ts';
import { formatIp, parseIp } from '../../../src/p2p/net/ip-address.ts';
import { serviceNames } from '../../../src/p2p/wire/protocol.ts';

describe('IP addresses', () => {
  it('are formatted as in RFC 5952', () => {
    // Its examples, sections 4 and 5.
    const pairs = [
      ['2001:0db8::0001', '2001:db8::1'],
      ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:DB8:AAAA::', '2001:db8:aaaa::'],
      ['::', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
      ['192.0.2.255', '192.0.2.255'],
    ];
    for (const [text, canonical] of pairs) expect(formatIp(parseIp(text!)!), text).toBe(canonical);
  });

  it('are rejected if malformed', () => {
    const bad = ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.x', ':', ':::', '1:2', '1::2::3', '12345::'];
    for (const text of [...bad, '1:2:3:4:5:6:7:8:9', 'g::', '::1.2.3', 'localhost', '::1%eth0']) {
      expect(parseIp(text), text).toBeUndefined();
    }
  });

  it('of 16 bytes round-trip through text that Node accepts', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (values) => {
        const bytes = Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
        const text = formatIp(bytes);
        expect(isIPv6(text) || text.includes('.')).toBe(true);
        expect(formatIp(parseIp(text)!)).toBe(text);
        if (text.includes(':')) expect([...parseIp(text)!]).toEqual([...bytes]);
      }),
      { seed: 4 },
    );
  });
});

describe('endpoints', () => {
  it('are parsed and formatted', () => {
    for (const text of ['127.0.0.1:3000', '[::1]:3000', 'central.pier.svc:18444']) {
      expect(formatEndpoint(parseEndpoint(text))).toBe(text);
    }
    expect(parseEndpoint('::1', 18444)).toEqual({ host: '::1', port: 18444 });
    expect(parseEndpoint('host', 18444)).toEqual({ host: 'host', port: 18444 });
    for (const text of ['', ':3000', 'host', 'host:0', 'host:65536', 'host:x', '::1:3000x', '[::1', 'a:b:c']) {
      expect(() => parseEndpoint(text), text).toThrow(/HOST:PORT/);
    }
  });

  it('have the reach of their network', () => {
    const hosts = (reach: number) => (host: string) => expect(reachOf(host), host).toBe(reach);
    ['127.0.0.1', '127.255.0.3', '::1', '0.0.0.0', 'localhost', '::ffff:127.0.0.1'].forEach(hosts(0));
    ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.9.9', '169.254.1.1', '100.64.0.1'].forEach(hosts(1));
    ['fd00::1', 'fe80::1', 'febf::1', 'central.pier.svc'].forEach(hosts(1));
    ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:db8::1', 'fec0::1', '::2'].forEach(hosts(2));
    ['172.15.255.255', '100.63.255.255', '192.167.1.1', '169.253.1.1', '168.254.1.1'].forEach(hosts(2));
    ['191.168.0.1', '173.16.0.1', '101.64.0.1', '126.0.0.1', '128.0.0.1', '1.0.0.0'].forEach(hosts(2));
    ['fbff::1', 'fe7f::1', '1::', '0:0:0:0:0:0:1:1', '::1:0'].forEach(hosts(2));
    ['100.127.255.255', 'fc00::1', 'fdff::1', 'fe80::'].forEach(hosts(1));
    ['0.1.2.3', '127.0.0.0'].forEach(hosts(0));
    expect(['0.0.0.0', '::'].every(isWildcard)).toBe(true);
    expect(isWildcard('127.0.0.1')).toBe(false);
  });

  // Core's CNetAddr::IsValid.
  it.each([
    ['1.2.3.4', true],
    ['127.0.0.1', true],
    ['255.255.255.254', true],
    ['2001:db9::1', true],
    ['2001:db8::1', false],
    ['255.255.255.255', false],
    ['0.0.0.0', false],
    ['::', false],
    ['example.org', false],
    ['', false],
  ])('with the host %j can be kept: %s', (host, isValid) => {
    expect(isValidIp(host)).toBe(isValid);
  });

  it('with a wildcard host are advertised by the host of the connection', () => {
    const local = { host: '10.0.0.7', port: 50_000 };
    expect(advertisedEndpoint({ host: '0.0.0.0', port: 3000 }, local)).toEqual({ host: '10.0.0.7', port: 3000 });
    expect(advertisedEndpoint({ host: '10.0.0.9', port: 3000 }, local)).toEqual({ host: '10.0.0.9', port: 3000 });
    expect(advertisedEndpoint({ host: '::', port: 3000 }, undefined)).toBeUndefined();
    expect(advertisedEndpoint(undefined, local)).toBeUndefined();
  });
});

describe('service bits', () => {
  it('have the names of Core', () => {
    expect(serviceNames(0n)).toEqual([]);
    expect(serviceNames(0xc09n)).toEqual(['NETWORK', 'WITNESS', 'NETWORK_LIMITED', 'P2P_V2']);
    expect(serviceNames((1n << 63n) | 0x44n)).toEqual(['BLOOM', 'COMPACT_FILTERS', 'UNKNOWN[2^63]']);
  });
});
