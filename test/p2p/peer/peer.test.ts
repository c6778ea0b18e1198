import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/bytes/hex.ts';
import { toEndpoint } from '../../../src/p2p/wire/messages/net-address.ts';
import { FakePeer, versionMessage } from '../support/fake-peer.ts';
import { mine, TestNetwork } from '../support/network.ts';

describe('the handshake', () => {
  it('of an inbound connection sends version, features and verack, in this order, after the peer has sent version', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.dial(net, node);
    await net.advance(100);
    expect(peer.commands()).toEqual([]);
    peer.send('version', versionMessage());
    await peer.waitFor('verack');
    expect(peer.commands()).toEqual(['version', 'wtxidrelay', 'sendaddrv2', 'verack']);
    expect(peer.received('version')[0]).toMatchObject({
      version: 70016,
      services: 0xc09n,
      userAgent: '/Satoshi:30.0.0(Pier:0.1.0)/',
      startHeight: 0,
      relay: true,
    });
    expect(toEndpoint(peer.received('version')[0]!.receiver)).toEqual(peer.connection.local);
    expect(toEndpoint(peer.received('version')[0]!.sender)).toEqual(node.endpoint);
    expect(node.connections.peers()[0]!.isReady).toBe(false);
    peer.send('verack', {});
    await net.advance(50);
    expect(node.connections.peers()[0]!.isReady).toBe(true);
  });

  it('completes with old peers without feature messages', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node, { version: { version: 70001 }, wtxidRelay: false });
    await net.advance(1000);
    expect(peer.commands()).not.toContain('wtxidrelay');
    expect(peer.commands()).not.toContain('sendaddrv2');
    expect(peer.commands()).not.toContain('feefilter');
    expect(node.connections.info(node.connections.peers()[0]!)).toMatchObject({
      protocolVersion: 70001,
      userAgent: '/fake:1.0/',
    });
  });

  it('disconnects peers with an obsolete protocol version', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.dial(net, node);
    peer.send('version', versionMessage({ version: 31799 }));
    await net.until(() => peer.closed);
    expect(node.disconnects).toEqual(['obsolete protocol version 31799']);
    expect(peer.commands()).toEqual([]);
  });

  it('ignores a redundant version, and messages before version or verack', async () => {
    const net = new TestNetwork();
    // v1 only, since a connection that begins with verack would be detected as v2.
    const node = await net.start({ v2Transport: false });
    const peer = await FakePeer.dial(net, node);
    peer.send('verack', {});
    peer.send('ping', { nonce: 1n });
    peer.send('wtxidrelay', {});
    peer.send('version', versionMessage({ userAgent: '/first/' }));
    peer.send('version', versionMessage({ userAgent: '/second/' }));
    peer.send('ping', { nonce: 2n });
    peer.send('verack', {});
    peer.send('verack', {});
    peer.send('version', versionMessage({ userAgent: '/third/' }));
    peer.send('ping', { nonce: 3n });
    await peer.waitFor('pong');
    await net.advance(100);
    expect(peer.received('pong')).toEqual([{ nonce: 3n }]);
    const [known] = node.connections.peers();
    expect(known!.handshake.remote!.userAgent).toBe('/first/');
    expect(known!.handshake.wtxidRelay).toBe(false);
  });

  it('accepts sendheaders and sendcmpct between version and verack, as Core does', async () => {
    const net = new TestNetwork();
    const node = await net.start({ v2Transport: false });
    const sendcmpct = { highBandwidth: true, version: 2n };
    const peers = [await FakePeer.dial(net, node), await FakePeer.dial(net, node)];
    const [early, tooEarly] = peers as [FakePeer, FakePeer];
    tooEarly.send('sendcmpct', sendcmpct);
    for (const peer of peers) peer.send('version', versionMessage());
    // Only the first eight decodable messages are queued.
    early.sendPayload('sendcmpct', new Uint8Array(3));
    early.send('sendcmpct', sendcmpct);
    for (let i = 0; i < 7; i++) early.send('sendheaders', {});
    early.send('sendcmpct', { ...sendcmpct, highBandwidth: false });
    for (const peer of peers) peer.send('verack', {});
    await net.until(() => peers.every((peer) => peer.commands().includes('ping')));
    expect(node.connections.peers().map((peer) => node.connections.info(peer).highBandwidthFrom)).toEqual([
      true,
      false,
    ]);
  });

  it.each(['wtxidrelay', 'sendaddrv2'] as const)('disconnects on %s after verack', async (command) => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    peer.send(command, {});
    await net.until(() => peer.closed);
    expect(node.disconnects).toEqual([`${command} after verack`]);
  });

  it('times out after 60 seconds', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const silent = await FakePeer.dial(net, node);
    const halfway = await FakePeer.dial(net, node);
    halfway.send('version', versionMessage());
    await net.advance(59_000, 500);
    expect(silent.closed || halfway.closed).toBe(false);
    await net.advance(3_000, 500);
    expect(silent.closed && halfway.closed).toBe(true);
    expect(node.disconnects).toEqual(['handshake timeout', 'handshake timeout']);
  });

  it('detects a connection to self, which is not retried', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    node.connections.addNode(node.endpoint);
    await net.advance(1000);
    expect(node.disconnects).toEqual([]);
    await expect(Promise.all([node.connections.connect(node.endpoint), net.advance(1000)])).rejects.toThrow(
      /^127\.0\.0\.1:3000 disconnected: /,
    );
    expect(node.disconnects).toContain('connection to self');
    expect(node.connections.peers()).toEqual([]);
  });

  it('strips unsafe characters from the user agent', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    await FakePeer.join(net, node, { version: { userAgent: '/evil\u001b[31m<script>:1.0/' } });
    expect(node.connections.info(node.connections.peers()[0]!).userAgent).toBe('/evil31mscript:1.0/');
  });
});

describe('a bad peer', () => {
  it('of another protocol is disconnected at once, without a reply, by a v1-only node', async () => {
    const net = new TestNetwork();
    const node = await net.start({ v2Transport: false });
    const peer = await FakePeer.dial(net, node);
    // A BIP324 connection begins with a 64-byte key that looks random.
    peer.connection.send(fromHex('ec0adff257bbfe500c188c80b4fdd640f6b45a482bbc15fc7cef5931deff0aa1'.repeat(2)));
    await net.until(() => peer.closed, 100);
    expect(peer.messages).toEqual([]);
    expect(node.disconnects).toEqual(['wrong network magic']);
  });

  it('is not penalized for unknown commands and undecodable payloads', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    peer.sendPayload('sendtxrcncl', new Uint8Array(10));
    peer.sendPayload('nosuchthing', new Uint8Array(1000));
    for (const command of [
      'headers',
      'inv',
      'getdata',
      'tx',
      'block',
      'addrv2',
      'getheaders',
      'feefilter',
      'version',
    ]) {
      peer.sendPayload(command, Uint8Array.of(1, 2));
    }
    peer.send('ping', { nonce: 5n });
    await peer.waitFor('pong');
    expect(node.disconnects).toEqual([]);
    const { receivedPerCommand } = node.connections.info(node.connections.peers()[0]!);
    expect(receivedPerCommand.get('*other*')).toBe(24 + 10 + 24 + 1000);
    expect(receivedPerCommand.has('nosuchthing')).toBe(false);
  });

  it('is disconnected for mempool if Bloom filters are not offered, as in Core', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    peer.send('mempool', {});
    await net.until(() => peer.closed);
    expect(node.disconnects).toEqual(['mempool for unoffered service']);
  });
});

describe('pings', () => {
  it('are sent after the handshake and every two minutes, and measure the round trip', async () => {
    const net = new TestNetwork({ latencyMs: () => 25 });
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    await net.advance(100);
    expect(peer.received('ping')).toHaveLength(1);
    expect(node.connections.info(node.connections.peers()[0]!)).toMatchObject({
      ping: 0.05,
      minPing: 0.05,
      pingWait: undefined,
    });
    await net.advance(5 * 60_000, 500);
    expect(peer.received('ping')).toHaveLength(3);
    const nonces = peer.received('ping').map(({ nonce }) => nonce);
    expect(new Set(nonces).size).toBe(3);
  });

  it('time out after 20 minutes without a pong', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.dial(net, node);
    peer.answersPings = false;
    await peer.shakeHands();
    await net.advance(60_000, 1000);
    peer.send('pong', { nonce: 12345n });
    await net.advance(18 * 60_000, 1000);
    expect(peer.closed).toBe(false);
    const { pingWait } = node.connections.info(node.connections.peers()[0]!);
    expect(pingWait).toBeGreaterThan(19 * 60 - 5);
    expect(pingWait).toBeLessThanOrEqual(19 * 60 + 5);
    await net.advance(3 * 60_000, 1000);
    expect(peer.closed).toBe(true);
    expect(node.disconnects).toEqual(['ping timeout']);
  });

  it('are answered with their nonce', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    const peer = await FakePeer.join(net, node);
    peer.sendPayload('ping', fromHex('0094102111e2af4d'));
    peer.sendPayload('ping', new Uint8Array(0));
    await peer.waitFor('pong');
    await net.advance(50);
    const pongs = peer.messages.filter(({ command }) => command === 'pong').map(({ payload }) => toHex(payload));
    expect(pongs).toEqual(['0094102111e2af4d']);
  });
});

describe('a peer that does not read', () => {
  it('is sent no more than the send buffer holds, and the rest once it reads again', async () => {
    const net = new TestNetwork();
    const node = await net.start();
    // 12 blocks of 250 kB.
    const blocks = [];
    for (let i = 0; i < 12; i++) {
      const output = { value: 0n, scriptPubKey: new Uint8Array(250_000).fill(0x6a) };
      blocks.push(...(await mine(net, node, 1, { coinbaseOutputs: [output] })));
    }
    const peer = await FakePeer.join(net, node);
    peer.connection.pause();
    peer.send('getdata', { entries: blocks.map(({ hash }) => ({ type: 0x4000_0002, hash })) });
    peer.send('ping', { nonce: 99n });
    await net.advance(500);
    const [known] = node.connections.peers();
    const sent = () => node.connections.info(known!).sentPerCommand.get('block') ?? 0;
    expect(sent()).toBeGreaterThan(1_000_000);
    expect(sent()).toBeLessThan(1_500_000);
    peer.connection.resume();
    await peer.waitFor('pong');
    // In the requested order, and before the reply to a later message.
    expect(peer.received('block').map(({ hashHex }) => hashHex)).toEqual(blocks.map(({ hashHex }) => hashHex));
    expect(peer.commands().lastIndexOf('block')).toBeLessThan(peer.commands().indexOf('pong'));
  });
});
