import { expect, it, vi } from 'vitest';
import { NetworkMembers } from '../../../../src/devnet/network/members/network-members.ts';
import type { NetworkNode } from '../../../../src/devnet/network/network-node.ts';

/** A node whose backend reports changes when told. */
function changingNode() {
  const listeners = new Set<() => void>();
  const onChange = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const node = { backend: { onChange } } as unknown as NetworkNode;
  return { node, listeners, change: () => [...listeners].forEach((listener) => void listener()) };
}

it('reports changes of all nodes, also of those that are added while it is listened to', () => {
  const members = new NetworkMembers();
  const [first, later] = [changingNode(), changingNode()];
  members.nodes.push(first.node);
  const listener = vi.fn();
  const off = members.onChange(listener);
  first.change();
  expect(listener).toHaveBeenCalledTimes(1);
  members.add({ node: later.node, links: [], view: { height: 0, tip: '' } });
  expect(listener).toHaveBeenCalledTimes(2);
  later.change();
  expect(listener).toHaveBeenCalledTimes(3);
  off();
  members.add({ node: changingNode().node, links: [], view: { height: 0, tip: '' } });
  expect([first.listeners.size, later.listeners.size, listener.mock.calls.length]).toEqual([0, 0, 3]);
});
