import { expect, it } from 'vitest';
import { followNode, type NodeEvent } from '../../src/node/composition/node-events.ts';
import type { RunningLightNode } from '../../src/node/composition/running-light-node.ts';
import { RecentMessages } from '../../src/p2p/connections/recent-messages.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

it('messages are reported one by one, and summed up by kind when they are many', async () => {
  const clock = new VirtualClock();
  type Message = { peer: unknown; command: string; bytes: number; direction: string; payload: Uint8Array };
  const events = new Emitter<{ message: Message }>();
  const recentMessages = new RecentMessages(7_000);
  const seen: Extract<NodeEvent, { type: 'message' }>[] = [];
  const node = { clock, connections: { events, recentMessages } } as unknown as RunningLightNode;
  const off = followNode(node, new Set(['message']), (event) => void seen.push(event as (typeof seen)[number]));
  const traffic = { sent: { messages: 0 }, received: { messages: 90 } };
  const peer = (id: number) => ({ id, remote: { host: '127.0.0.1', port: 1_000 + id }, traffic });
  const payload = Uint8Array.of(1, 1, 0, 0, 0, ...new Uint8Array(31), 0xab);
  const send = (id: number, command: string, count: number) => {
    for (let i = 0; i < count; i++) {
      traffic.sent.messages++;
      events.emit('message', { peer: peer(id), command, bytes: 100, direction: 'sent', payload });
    }
  };
  send(1, 'inv', 30);
  send(2, 'tx', 10);
  expect(seen).toHaveLength(40);
  expect(seen[0]).toEqual({
    ...{ type: 'message', at: expect.any(Number), peer: '127.0.0.1:1001', direction: 'sent', command: 'inv' },
    ...{ count: 1, bytes: 100, id: 7_000, sequence: 1, hashes: [`ab${'00'.repeat(31)}`], items: 1 },
  });
  expect(seen[39]).toMatchObject({ id: 7_039, sequence: 40 });
  expect(recentMessages.get(7_039)).toEqual({ command: 'tx', payload, size: 37 });
  // Those that are received have a limit of their own.
  events.emit('message', {
    peer: peer(1),
    command: 'ping',
    bytes: 32,
    direction: 'received',
    payload: payload.slice(0, 8),
  });
  expect(seen.pop()).toEqual({
    ...{ type: 'message', at: expect.any(Number), peer: '127.0.0.1:1001', direction: 'received', command: 'ping' },
    ...{ count: 1, bytes: 32, id: 7_040, sequence: 90 },
  });
  send(1, 'inv', 5);
  send(2, 'tx', 7);
  send(1, 'tx', 1);
  expect(seen).toHaveLength(40);
  await clock.advance(100);
  expect(seen.slice(40).map(({ peer: to, command, count, bytes }) => [to, command, count, bytes])).toEqual([
    ['127.0.0.1:1001', 'inv', 5, 500],
    ['127.0.0.1:1002', 'tx', 7, 700],
    ['127.0.0.1:1001', 'tx', 1, 100],
  ]);
  expect(seen[40]).not.toHaveProperty('id');
  // Ten more in a tenth of a second, and never more than forty.
  send(1, 'inv', 12);
  expect(seen).toHaveLength(43 + 10);
  await clock.advance(60_000);
  expect(seen).toHaveLength(43 + 11);
  send(1, 'inv', 41);
  expect(seen).toHaveLength(43 + 11 + 40);
  off();
  await clock.advance(100);
  send(1, 'inv', 1);
  expect(seen).toHaveLength(43 + 11 + 40);
});
