import type { NetworkLink } from './network-link.ts';
import type { NetworkNode } from './network-node.ts';

/** Returns the groups of running nodes that links join, directly or over other running nodes: light nodes relay nothing. */
export function components(nodes: readonly NetworkNode[], links: readonly NetworkLink[]): NetworkNode[][] {
  const running = nodes
    .filter(({ status }) => status === 'running')
    .sort((a, b) => Number(b.isFull) - Number(a.isFull));
  const left = new Set(running);
  const groups: NetworkNode[][] = [];
  for (const first of running) {
    if (!left.delete(first)) continue;
    const group = [first];
    // Iterating over an array also visits elements added meanwhile.
    for (const node of group) {
      if (!node.isFull) continue;
      for (const other of left) {
        if (!links.some((link) => !link.isCut && link.isBetween(node.name, other.name))) continue;
        left.delete(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}
