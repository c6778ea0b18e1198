import { expect, it } from 'vitest';
import { followNode, type NodeEvent } from '../../src/node/composition/node-events.ts';
import type { RunningLightNode } from '../../src/node/composition/running-light-node.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

it('messages are reported one by one, and summed up by kind when they are many', async () => {
  const clock = new VirtualClock();
  const events = new Emitter<{ message: { peer: unknown; command: string; bytes: number; direction: string } }>();
  const seen: Extract<NodeEvent, { type: 'message' }>[] = [];
  const node = { clock, connections: { events } } as unknown as RunningLightNode;
  const off = followNode(node, new Set(['message']), (event) => void seen.push(event as (typeof seen)[number]));
  const peer = (id: number) => ({ id, remote: { host: '127.0.0.1', port: 1_000 + id } });
  const send = (id: number, command: string, count: number) => {
    for (let i = 0; i < count; i++) events.emit('message', { peer: peer(id), command, bytes: 100, direction: 'sent' });
  };
  send(1, 'inv', 30);
  send(2, 'tx', 10);
  expect(seen).toHaveLength(40);
  expect(seen[0]).toEqual({
    ...{ type: 'message', at: expect.any(Number), peer: '127.0.0.1:1001', direction: 'sent', command: 'inv' },
    ...{ count: 1, bytes: 100 },
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
  // The next tenth of a second begins anew.
  send(1, 'inv', 41);
  expect(seen).toHaveLength(43 + 40);
  off();
  await clock.advance(100);
  send(1, 'inv', 1);
  expect(seen).toHaveLength(43 + 40);
});
