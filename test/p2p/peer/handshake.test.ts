import { describe, expect, it } from 'vitest';
import { Handshake, type HandshakeOptions } from '../../../src/p2p/peer/handshake.ts';
import { NO_ADDRESS, toEndpoint } from '../../../src/p2p/wire/messages/net-address.ts';
import type { VersionMessage } from '../../../src/p2p/wire/messages/version.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { versionMessage } from '../support/fake-peer.ts';

const NOW = 1_700_000_000;
const REMOTE = { host: '203.0.113.7', port: 50_000 };

function start(fields: Partial<HandshakeOptions> & { listening?: { host: string; port: number } } = {}) {
  const clock = new VirtualClock(NOW * 1000);
  const sent: [string, unknown][] = [];
  const local = {
    ...{ services: 1033n, userAgent: '/Test:1.0/', relay: false, startHeight: () => 77 },
    ...{ listening: () => fields.listening, isOwnNonce: (nonce: bigint) => nonce === 4242n },
  };
  const options = {
    inbound: true,
    remote: REMOTE,
    near: undefined,
    local,
    nonce: 99n,
    requiredServices: 0n,
    ...fields,
  };
  const handshake = new Handshake(options, clock, (command, message) => sent.push([command, message]));
  return { clock, handshake, sent, commands: () => sent.map(([command]) => command) };
}

describe('our version message', () => {
  const versionOf = (fields: Parameters<typeof start>[0]) => {
    const { handshake, sent } = start({ ...fields, inbound: false });
    handshake.start();
    return sent[0]![1] as VersionMessage;
  };

  it('holds what the node is, the time in seconds, and the nonce', () => {
    expect(versionOf({})).toMatchObject({
      ...{ version: 70_016, services: 1033n, time: BigInt(NOW), nonce: 99n, userAgent: '/Test:1.0/' },
      ...{ startHeight: 77, relay: false, sender: NO_ADDRESS },
    });
    expect(toEndpoint(versionOf({}).receiver)).toEqual(REMOTE);
  });

  it('holds where the node listens, for a wildcard by the host of the connection, and no host names', () => {
    const near = { host: '198.51.100.1', port: 40_000 };
    expect(toEndpoint(versionOf({ near, listening: { host: '0.0.0.0', port: 8333 } }).sender)).toEqual({
      ...{ host: '198.51.100.1', port: 8333 },
    });
    expect(versionOf({ listening: { host: 'node.example', port: 8333 } }).sender).toEqual(NO_ADDRESS);
    expect(versionOf({ remote: { host: 'node.example', port: 8333 } }).receiver).toEqual(NO_ADDRESS);
  });

  it('is sent at once on an outbound connection, and as an answer on an inbound one', () => {
    const [outbound, inbound] = [start({ inbound: false }), start()];
    for (const { handshake } of [outbound, inbound]) handshake.start();
    expect([outbound.commands(), inbound.commands()]).toEqual([['version'], []]);
    for (const { handshake } of [outbound, inbound]) handshake.receive('version', versionMessage());
    const rest = ['wtxidrelay', 'sendaddrv2', 'verack'];
    expect([outbound.commands(), inbound.commands()]).toEqual([
      ['version', ...rest],
      ['version', ...rest],
    ]);
  });
});

describe("a peer's version message", () => {
  it.each<[string, Partial<VersionMessage>, Partial<HandshakeOptions>, string | undefined]>([
    ['of version 31799', { version: 31_799 }, {}, 'obsolete protocol version 31799'],
    ['of version 31800', { version: 31_800 }, {}, undefined],
    ['without a required service', { services: 1n }, { requiredServices: 9n }, 'missing services: WITNESS'],
    ['without all required services', { services: 4n }, { requiredServices: 9n }, 'missing services: NETWORK, WITNESS'],
    ['with more services', { services: 1033n }, { requiredServices: 9n }, undefined],
    ['with our nonce, inbound', { nonce: 4242n }, {}, 'connection to self'],
    ['with our nonce, outbound', { nonce: 4242n }, { inbound: false }, undefined],
  ])('%s is accepted, or the reason to disconnect', (_, version, options, reason) => {
    const { handshake, commands } = start(options);
    const result = handshake.receive('version', versionMessage(version));
    expect(result).toEqual(reason && { disconnect: reason });
    expect(handshake.remote !== undefined).toBe(reason === undefined);
    if (reason) expect(commands()).toEqual([]);
  });

  it.each([
    [60, 60],
    [-3_600, -3_600],
    [0, 0],
  ])('shows that its clock is %d seconds ahead of ours', (ahead, timeOffset) => {
    const { clock, handshake } = start();
    clock.advance(500);
    handshake.receive('version', versionMessage({ time: BigInt(NOW + ahead) }));
    expect(handshake.timeOffset).toBe(timeOffset);
  });

  it.each([
    [70_015, 70_015, false],
    [70_016, 70_016, true],
    [70_017, 70_016, true],
  ])('of version %d leads to version %d and to wtxid relay: %s', (version, common, wtxidRelay) => {
    const { handshake, commands } = start();
    handshake.receive('version', versionMessage({ version }));
    handshake.receive('wtxidrelay', {});
    expect([handshake.version, handshake.wtxidRelay, commands().includes('wtxidrelay')]).toEqual([
      ...[common, wtxidRelay, wtxidRelay],
    ]);
  });

  it('has a user agent without unsafe characters', () => {
    const { handshake } = start();
    handshake.receive('version', versionMessage({ userAgent: '/A-z_0.9:;,?@()\n\u0000<b>"\'`$é/' }));
    expect(handshake.remote!.userAgent).toBe('/A-z_0.9:;,?@()b/');
  });
});

describe('the handshake', () => {
  it('is complete with verack, which counts once, and not before version', () => {
    const { handshake } = start();
    expect([handshake.receive('verack', {}), handshake.isReady]).toEqual([undefined, false]);
    handshake.receive('version', versionMessage());
    expect([handshake.isReady, handshake.receive('verack', {}), handshake.isReady]).toEqual([false, 'ready', true]);
    expect(handshake.receive('verack', {})).toBeUndefined();
  });

  it('ignores features before version, and accepts each between version and verack', () => {
    for (const command of ['wtxidrelay', 'sendaddrv2'] as const) {
      const { handshake } = start();
      handshake.receive(command, {});
      handshake.receive('version', versionMessage());
      expect([handshake.wtxidRelay, handshake.wantsAddrV2]).toEqual([false, false]);
      handshake.receive(command, {});
      expect([handshake.wtxidRelay, handshake.wantsAddrV2]).toEqual([
        command === 'wtxidrelay',
        command === 'sendaddrv2',
      ]);
      handshake.receive('verack', {});
      expect(handshake.receive(command, {})).toEqual({ disconnect: `${command} after verack` });
    }
  });

  it('has version 70016 and no peer before the first message', () => {
    const { handshake } = start();
    expect([handshake.version, handshake.remote, handshake.timeOffset, handshake.nonce]).toEqual([
      ...[70_016, undefined, 0, 99n],
    ]);
  });
});
