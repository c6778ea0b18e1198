import { afterEach, describe, expect, it } from 'vitest';
import { connectPort } from '../../src/control/client/connect-port.ts';
import { ControlClient } from '../../src/control/client/control-client.ts';
import type { ControlEvent } from '../../src/control/protocol/events.ts';
import type { ControlChannel } from '../../src/control/protocol/messages.ts';
import { portChannel } from '../../src/control/protocol/port-channel.ts';
import { ControlService } from '../../src/control/server/control-service.ts';
import { ControlSession, type MethodHandler } from '../../src/control/server/control-session.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Returns the ends of a channel that the test closes. */
function openPorts(): MessageChannel {
  const channel = new MessageChannel();
  ends.push(() => channel.port1.close());
  return channel;
}

/** A session without a network, on a port, whose log keeps ten events. */
function session(handle: MethodHandler) {
  const source = new EventSource({ follow: () => () => {} }, new VirtualClock(), { id: 'run', maxEvents: 10 });
  const { port1, port2 } = openPorts();
  let hasLeft = () => {};
  const left = new Promise<void>((resolve) => {
    hasLeft = resolve;
  });
  new ControlSession(portChannel(port1), handle, source, hasLeft);
  return { source, port1, port2, left };
}

const add = (source: EventSource, height: number) =>
  source.log.add({ type: 'header', node: 'node1', height, hash: 'ab'.repeat(32), previous: '' }, 1);

describe('a network in the same program', () => {
  it('is controlled over message ports by several clients', async () => {
    const network = await createNetwork({ nodes: 2, accounts: 2 });
    ends.push(() => network.close());
    let isDown = () => {};
    const down = new Promise<void>((resolve) => {
      isDown = resolve;
    });
    const service = new ControlService(network, { name: 'page', onDown: isDown });
    ends.push(() => service.close());
    const clients = [1, 2].map(() => {
      const { port1, port2 } = openPorts();
      service.attachPort(port1);
      return connectPort(port2);
    });
    const [client, other] = clients as [ControlClient, ControlClient];
    expect(await client.call('status')).toMatchObject({ name: 'page', network: 'regtest', control: null });
    const events = await other.events({ types: ['block'] });
    const { hashes } = await client.call('mine', { blocks: 3 });
    const seen: ControlEvent[] = [];
    for await (const event of events) {
      seen.push(event as ControlEvent);
      if (seen.length === 6) break;
    }
    for (const node of ['node1', 'node2']) {
      const blocks = seen.flatMap((event) => (event.type === 'block' && event.node === node ? [event.hash] : []));
      expect(blocks).toEqual(hashes);
    }
    await expect(client.call('mine', { by: 'node9' })).rejects.toMatchObject({ code: 'unknown-node' });
    await client.call('down');
    await down;

    const waiting = await other.events();
    const reading = (async () => {
      for await (const _ of waiting);
    })();
    service.close();
    await expect(reading).rejects.toMatchObject({ code: 'disconnected' });
    await client.closed;
    await expect(client.call('status')).rejects.toMatchObject({ code: 'disconnected' });
    await client.close();
    // The network outlives its service.
    expect(await network.mine()).toHaveLength(1);
  });
});

it('a service that is closed follows its network no longer, and ends its clients', async () => {
  const followed = new Set<object>();
  const network = {
    description: { chain: 'regtest', mnemonic: 'test' },
    follow: () => {
      const key = {};
      followed.add(key);
      return () => followed.delete(key);
    },
  } as unknown as NodeNetwork;
  const service = new ControlService(network, { name: 'page' });
  const { port1, port2 } = openPorts();
  service.attachPort(port1);
  const client = connectPort(port2);
  await client.events({ types: ['log', 'wallet'] });
  expect(followed.size).toBe(3);
  service.close();
  expect(followed.size).toBe(0);
  await client.closed;
  expect(followed.size).toBe(0);
});

describe('a client on a port', () => {
  it('that does not read gets one batch, and is told what it missed', async () => {
    const { source, port2 } = session(async () => null);
    const client = connectPort(port2);
    const events = await client.events({ types: ['header'] });
    // A timer of the server that was set before runs before this one, and ports keep the order.
    const settle = async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      await client.call('heal');
    };
    for (let height = 1; height <= 50; height++) {
      add(source, height);
      if (height === 1 || height % 5 === 0) await settle();
    }
    const seen: object[] = [];
    for await (const event of events) {
      seen.push(event);
      if ('number' in event && event.number === 50) break;
    }
    expect(seen).toMatchObject([
      { number: 1 },
      { type: 'gap', from: 2, to: 40 },
      ...Array.from({ length: 10 }, (_, i) => ({ number: 41 + i })),
    ]);
    // One that has read gets the next ones.
    const more = await client.events({ types: ['header'], after: { server: 'run', number: 50 } });
    add(source, 51);
    for await (const event of more) {
      expect(event).toMatchObject({ number: 51 });
      break;
    }
  });

  it('has no more requests in flight than wait for their results', async () => {
    const { port2 } = session(async () => null);
    const client = connectPort(port2);
    for (let i = 0; i < 300; i++) expect(await client.call('heal')).toBeNull();
  });

  it('has as many requests in flight as any', async () => {
    const { port2 } = session(() => new Promise(() => {}));
    const client = connectPort(port2);
    const calls = Array.from({ length: 257 }, () => client.call('heal').catch((error: { code: string }) => error.code));
    expect(await calls[256]).toBe('too-many-requests');
    await client.close();
    expect(new Set(await Promise.all(calls.slice(0, 256)))).toEqual(new Set(['disconnected']));
  });

  it.each([
    ['closes', (client: ControlClient) => client.close()],
    ['loses its port', (_: ControlClient, port: MessagePort) => port.close()],
  ])('that %s ends its session, and the methods that run', async (_, end) => {
    let aborted = () => {};
    const isAborted = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let called = () => {};
    const isCalled = new Promise<void>((resolve) => {
      called = resolve;
    });
    const { source, port2, left } = session(async (_method, _params, signal) => {
      signal.addEventListener('abort', aborted);
      called();
      return new Promise(() => {});
    });
    const client = connectPort(port2);
    const failed = client.call('heal').catch((error: { code: string }) => error.code);
    await client.events();
    await isCalled;
    await end(client, port2);
    await Promise.all([isAborted, left]);
    expect(await failed).toBe('disconnected');
    await client.closed;
    add(source, 1);
  });

  it('ends when the port of its server closes', async () => {
    const { port1, port2 } = session(async () => null);
    const client = connectPort(port2);
    expect(await client.call('heal')).toBeNull();
    port1.close();
    await client.closed;
  });

  it('ignores what others post on its port', async () => {
    const { port1, port2 } = session(async () => null);
    const client = connectPort(port2);
    for (const data of [null, undefined, 'text', 7, {}, { text: 7 }, { taken: 99 }]) {
      port1.postMessage(data);
      port2.postMessage(data);
    }
    expect(await client.call('heal')).toBeNull();
  });
});

it('a client whose events are not read ends its connection before they fill memory', async () => {
  let receive = (_: string) => {};
  let isClosed = false;
  const channel: ControlChannel = {
    send: (text) => {
      const { id } = JSON.parse(text) as { id: number };
      receive(JSON.stringify({ jsonrpc: '2.0', id, result: { subscription: '1', server: 'run', number: 0 } }));
    },
    onMessage: (listener) => {
      receive = (text) => listener(text, () => {});
    },
    onClose: () => {},
    close: () => {
      isClosed = true;
    },
  };
  const client = new ControlClient(channel);
  const events = await client.events();
  let number = 0;
  const send = () => {
    const event = { type: 'log', number: ++number, text: 'x'.repeat(8 << 20) };
    receive(JSON.stringify({ jsonrpc: '2.0', method: 'events', params: { subscription: '1', events: [event] } }));
  };
  const reading = events[Symbol.asyncIterator]();
  for (let i = 0; i < 7; i++) send();
  // What is read no longer counts.
  for (let i = 0; i < 7; i++) await reading.next();
  for (let i = 0; i < 7; i++) send();
  expect(isClosed).toBe(false);
  send();
  expect(isClosed).toBe(true);
});
