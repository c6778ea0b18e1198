import type { ResultOf } from '../../../control/protocol/methods.ts';
import type { LessonHost } from './scene.ts';

/** What a lesson may change of a network, as it was before: plain data, which a page can keep over a reload. */
export interface Before {
  readonly mining: ResultOf<'mining'>['mode'];
  /** Names of the nodes that ran. */
  readonly running: readonly string[];
  /** Links that were cut. */
  readonly cut: readonly (readonly [string, string])[];
}

/** Milliseconds in which the nodes of a network that is whole again agree. */
const HEAL_MS = 60_000;

/** Returns how the network is now. */
export async function lookBefore(host: LessonHost): Promise<Before> {
  const [{ mining, nodes }, { links }] = await Promise.all([host.call('status'), host.call('links')]);
  return {
    mining,
    running: nodes.filter(({ status }) => status === 'running').map(({ name }) => name),
    cut: links.filter(({ isCut }) => isCut).map(({ from, to }) => [from, to]),
  };
}

/**
 * Lets the nodes run again that ran, mends the links that were whole, and sets the mining mode. Blocks and payments stay.
 * What fails does not keep the rest from being restored: the first error is thrown at the end.
 */
export async function restore(host: LessonHost, { mining, running, cut }: Before): Promise<void> {
  const failures: unknown[] = [];
  const attempt = (promise: Promise<unknown>) => promise.catch((error: unknown) => failures.push(error));
  const [{ nodes }, { links }] = await Promise.all([host.call('status'), host.call('links')]);
  for (const { name: node, status } of nodes) {
    if (!running.includes(node)) continue;
    if (status === 'stopped') await attempt(host.call('start', { node }));
    if (status === 'paused') await attempt(host.call('resume', { node }));
  }
  const wasCut = ({ from, to }: { readonly from: string; readonly to: string }) =>
    cut.some(([a, b]) => a === from && b === to);
  if (links.some((link) => link.isCut && !wasCut(link))) {
    // It lets the nodes agree on a chain and on what waits for a block, too.
    await attempt(host.call('heal', { timeout: HEAL_MS }));
    if (cut.length === 0) await attempt(decide(host));
    for (const between of cut) await attempt(host.call('link', { between: [...between], cut: true }));
  }
  await attempt(host.call('mining', { mode: mining }));
  if (failures.length > 0) throw failures[0];
}

/** Mines a block if two branches have equal work: nothing else ends such a fork. */
async function decide(host: LessonHost): Promise<void> {
  const { nodes } = await host.call('status');
  const tips = new Set(nodes.filter(({ tip }) => tip !== null).map(({ tip }) => tip));
  if (tips.size > 1) await host.call('mine', { blocks: 1 });
}
