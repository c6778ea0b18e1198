import { describe, expect, it } from 'vitest';
import { Dialer } from '../../../src/p2p/connections/dialer.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import type { Connection, Transport } from '../../../src/p2p/transport/connection.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { flush } from '../support/network.ts';

const NODE = { host: '192.0.2.1', port: 8333 };

/** A dialer whose attempts wait for the test to settle them. */
function setUp() {
  const attempts: { signal: AbortSignal; accept(): void; refuse(): void }[] = [];
  const closed: unknown[] = [];
  const transport = {
    connect: (_target: unknown, signal: AbortSignal) =>
      new Promise<Connection>((resolve, reject) => {
        const connection = { close: () => closed.push(connection) } as unknown as Connection;
        attempts.push({ signal, accept: () => resolve(connection), refuse: () => reject(new Error('refused')) });
      }),
  } as unknown as Transport;
  const peers: Peer[] = [];
  const dialer = new Dialer({ transport, logger: silentLogger }, (_connection, type, target, version) => {
    const peer = { type, target, version } as unknown as Peer;
    peers.push(peer);
    return peer;
  });
  return { attempts, closed, dialer, peers };
}

/** Returns what a promise has settled to, without waiting for it. */
async function settled(promise: Promise<unknown> | undefined): Promise<unknown> {
  let result: unknown = 'pending';
  const settle = (value: unknown) => {
    result = value;
  };
  promise?.then(settle, settle);
  await flush();
  return result;
}

describe('a connection attempt', () => {
  it('is pending until it succeeds', async () => {
    const { attempts, dialer, peers } = setUp();
    dialer.start();
    const dialing = dialer.dial(NODE, 'block-relay-only', 'v2');
    expect([...dialer.pending()]).toEqual([{ target: NODE, type: 'block-relay-only' }]);
    expect([dialer.isDialing(NODE), dialer.isDialing({ ...NODE, port: 1 })]).toEqual([true, false]);
    attempts[0]!.accept();
    expect(await settled(dialing)).toMatchObject({ type: 'block-relay-only', target: NODE, version: 'v2' });
    expect([peers.length, [...dialer.pending()].length, dialer.isDialing(NODE)]).toEqual([1, 0, false]);
  });

  it('that fails is no longer pending, and is reported once', async () => {
    const { attempts, dialer, peers } = setUp();
    dialer.start();
    let failures = 0;
    dialer.tryDial(NODE, 'manual', 'v1', () => failures++);
    attempts[0]!.refuse();
    await flush();
    expect([failures, [...dialer.pending()].length, peers.length]).toEqual([1, 0, 0]);
  });

  it('is refused while networking is off', async () => {
    const { attempts, dialer } = setUp();
    expect(await settled(dialer.dial(NODE, 'manual', 'v1'))).toMatchObject({ code: 'network-inactive' });
    dialer.start();
    dialer.stop();
    expect(dialer.isActive).toBe(false);
    expect(await settled(dialer.dial(NODE, 'manual', 'v1'))).toMatchObject({ code: 'network-inactive' });
    expect(attempts).toEqual([]);
  });

  it('is aborted when networking is switched off, even if it is switched on again; a connection made meanwhile is closed', async () => {
    const { attempts, closed, dialer, peers } = setUp();
    dialer.start();
    dialer.start();
    const dialing = dialer.dial(NODE, 'manual', 'v1');
    expect(attempts[0]!.signal.aborted).toBe(false);
    dialer.stop();
    expect(attempts[0]!.signal.aborted).toBe(true);
    dialer.start();
    attempts[0]!.accept();
    expect(await settled(dialing)).toMatchObject({ code: 'network-inactive' });
    expect([closed.length, peers.length, [...dialer.pending()].length]).toEqual([1, 0, 0]);
  });
});

describe('a closed peer', () => {
  const peerWith = (fields: object) =>
    ({ shouldReconnectV1: true, target: NODE, type: 'feeler', ...fields }) as unknown as Peer;

  it('that did not answer v2 is dialed with v1, as a connection of the same type', async () => {
    const { attempts, dialer } = setUp();
    dialer.start();
    const peer = peerWith({});
    dialer.peerClosed(peer);
    attempts[0]!.accept();
    expect(await settled(dialer.retryOf(peer))).toMatchObject({ type: 'feeler', target: NODE, version: 'v1' });
  });

  it.each([
    ['answered v2', { shouldReconnectV1: false }, true],
    ['is inbound', { target: undefined }, true],
    ['is closed because networking is off', {}, false],
  ])('that %s is not dialed again', (_, fields, isActive) => {
    const { attempts, dialer } = setUp();
    if (isActive) dialer.start();
    const peer = peerWith(fields);
    dialer.peerClosed(peer);
    expect([attempts.length, dialer.retryOf(peer)]).toEqual([0, undefined]);
  });
});
