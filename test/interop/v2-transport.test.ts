import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestNode } from '../api/test-node.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { waitFor } from '../support/wait.ts';

interface PeerJson {
  readonly id: number;
  readonly inbound: boolean;
  readonly version: number;
  readonly pingtime?: number;
  readonly servicesnames: readonly string[];
  readonly transport_protocol_type: string;
  readonly session_id: string;
  readonly bytessent: number;
  readonly bytesrecv: number;
  readonly bytesrecv_per_msg: Readonly<Record<string, number>>;
}

describeBitcoind('transport protocols (BIP324), with bitcoind as the peer', () => {
  let theirs: Bitcoind;
  let theirsV1: Bitcoind;
  let ours: TestNode;
  let oursV1: TestNode;

  beforeAll(async () => {
    [theirs, theirsV1, ours, oursV1] = await Promise.all([
      startBitcoind({ args: ['-v2transport=1'] }),
      startBitcoind({ args: ['-v2transport=0'] }),
      TestNode.start({ listen: true }),
      TestNode.start({ listen: true, v2Transport: false }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([ours?.stop(), oursV1?.stop(), theirs?.stop(), theirsV1?.stop()]);
  });

  const port = (node: TestNode) => `127.0.0.1:${node.node.connections.endpoint?.port}`;
  const peersOf = {
    ours: (node: TestNode) => node.call<PeerJson[]>('getpeerinfo'),
    theirs: (node: Bitcoind) => node.rpc<PeerJson[]>('getpeerinfo'),
  };

  /** Returns getpeerinfo of both ends of the connection, once both have a ping time and equal byte counts. */
  async function connection(ourNode: TestNode, theirNode: Bitcoind): Promise<[PeerJson, PeerJson]> {
    const both = await waitFor(async () => {
      const [ourPeers, theirPeers] = [await peersOf.ours(ourNode), await peersOf.theirs(theirNode)];
      const done = [...ourPeers, ...theirPeers].every(({ pingtime }) => pingtime !== undefined);
      if (ourPeers.length !== 1 || theirPeers.length !== 1 || !done) return undefined;
      const [our, their] = [ourPeers[0]!, theirPeers[0]!];
      return our.bytessent === their.bytesrecv && our.bytesrecv === their.bytessent && ([our, their] as const);
    });
    return [...both];
  }

  /** Closes the connection, so that the next test starts without one. */
  async function disconnect(ourNode: TestNode, theirNode: Bitcoind): Promise<void> {
    ourNode.node.connections.setNetworkActive(false);
    await waitFor(async () => (await peersOf.theirs(theirNode)).length === 0);
    ourNode.node.connections.setNetworkActive(true);
  }

  function expectV2([our, their]: readonly PeerJson[]): void {
    expect([our!.transport_protocol_type, their!.transport_protocol_type]).toEqual(['v2', 'v2']);
    expect(our!.session_id).toMatch(/^[0-9a-f]{64}$/);
    expect(our!.session_id).toBe(their!.session_id);
    for (const peer of [our!, their!]) {
      expect(peer.servicesnames).toContain('P2P_V2');
      expect(peer.bytesrecv_per_msg['*other*'] ?? 0).toBe(0);
    }
  }

  function expectV1([our, their]: readonly PeerJson[]): void {
    for (const peer of [our!, their!]) expect([peer.transport_protocol_type, peer.session_id]).toEqual(['v1', '']);
  }

  it('are v2 on an outbound connection, over which blocks are downloaded', async () => {
    const [tip] = await theirs.mine(60).then((hashes) => hashes.slice(-1));
    await ours.call('addnode', `127.0.0.1:${theirs.port}`, 'onetry');
    const both = await connection(ours, theirs);
    expectV2(both);
    expect(both[0]).toMatchObject({ inbound: false });
    await waitFor(async () => (await ours.call('getbestblockhash')) === tip);
    await disconnect(ours, theirs);
  });

  it('are v2 on an inbound connection, which rekeys', async () => {
    await theirs.rpc('addnode', port(ours), 'onetry', true);
    const before = await connection(ours, theirs);
    expectV2(before);
    expect(before[0]).toMatchObject({ inbound: true });
    // More than 224 packets (REKEY_INTERVAL) in each direction: every block is announced, requested and sent.
    const hashes = await theirs.mine(250);
    await waitFor(async () => (await ours.call('getbestblockhash')) === hashes.at(-1));
    for (let i = 0; i < 250; i++) ours.node.connections.peers()[0]!.send('ping', { nonce: BigInt(i) });
    await waitFor(async () => ((await peersOf.ours(ours))[0]?.bytesrecv_per_msg.pong ?? 0) >= 250 * 29);
    const after = await connection(ours, theirs);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    await disconnect(ours, theirs);
  });

  it('are v1 if addnode requests it', async () => {
    await ours.call('addnode', `127.0.0.1:${theirs.port}`, 'onetry', false);
    expectV1(await connection(ours, theirs));
    await disconnect(ours, theirs);
    await theirs.rpc('addnode', port(ours), 'onetry', false);
    expectV1(await connection(ours, theirs));
    await disconnect(ours, theirs);
  });

  it('fall back to v1 if bitcoind has v2 disabled', async () => {
    await ours.call('addnode', `127.0.0.1:${theirsV1.port}`, 'onetry', true);
    const both = await connection(ours, theirsV1);
    expectV1(both);
    expect(both[0].servicesnames).not.toContain('P2P_V2');
    await disconnect(ours, theirsV1);
    await theirsV1.rpc('addnode', port(ours), 'onetry');
    expectV1(await connection(ours, theirsV1));
    await disconnect(ours, theirsV1);
  });

  it('fall back to v1 if Pier has v2 disabled', async () => {
    await theirs.rpc('addnode', port(oursV1), 'onetry', true);
    const both = await connection(oursV1, theirs);
    expectV1(both);
    expect(both[1].servicesnames).not.toContain('P2P_V2');
    await disconnect(oursV1, theirs);
    await oursV1.call('addnode', `127.0.0.1:${theirs.port}`, 'onetry');
    expectV1(await connection(oursV1, theirs));
    await disconnect(oursV1, theirs);
  });

  it('return the same error for a v2 addnode if v2 is disabled', async () => {
    const call = ['127.0.0.1:5', 'onetry', true];
    const expected = await theirsV1.rpc('addnode', ...call).catch(({ code, message }) => [code, message]);
    const actual = await oursV1.call('addnode', ...call).catch(({ rpcCode, message }) => [rpcCode, message]);
    expect(actual).toEqual(expected);
    expect(expected).toHaveLength(2);
  });
});
