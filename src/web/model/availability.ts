import type { Texts } from '../text/texts.ts';
import type { Action } from './actions.ts';
import type { Timeline } from './timeline.ts';

/** Why an action has no use now: a text, and what stands in it. */
export interface Reason {
  readonly text: keyof Texts['act']['reasons'];
  readonly values: readonly string[];
}

/**
 * Returns why an action cannot work as the network is now, or would change nothing; undefined if it can. `on`: the node, or the two
 * ends of the link, that it acts on.
 */
export function whyNot(
  { name }: Pick<Action, 'name'>,
  on: readonly string[],
  { nodes, links }: Pick<Timeline, 'nodes' | 'links'>,
): Reason | undefined {
  const reason = (text: Reason['text'], ...values: readonly string[]): Reason => ({ text, values });
  const node = on[0] ?? '';
  const status = nodes.get(node)?.moments.at(-1)?.status;
  const isCut = links.get(on.join(' '))?.moments.at(-1)?.isCut;
  switch (name) {
    case 'start':
      if (status === 'paused') return reason('paused', node);
      return status === 'running' ? reason('runs', node) : undefined;
    case 'stop':
    case 'kill':
      return status === 'stopped' ? reason('stopped', node) : undefined;
    case 'pause':
      if (status === 'stopped') return reason('stopped', node);
      return status === 'paused' ? reason('paused', node) : undefined;
    case 'resume':
      if (status === 'stopped') return reason('stopped', node);
      return status === 'running' ? reason('notPaused', node) : undefined;
    case 'cut':
      return isCut === true ? reason('cut') : undefined;
    case 'mend':
      return isCut === false ? reason('notCut') : undefined;
    case 'heal': {
      const hasCut = [...links.values()].some(({ moments }) => moments.at(-1)?.isCut);
      return hasCut ? undefined : reason('nothingCut');
    }
    case 'mine':
    case 'reorg': {
      const canMine = [...nodes.values()].some(
        ({ role, moments }) => role !== 'light' && moments.at(-1)?.status === 'running',
      );
      return canMine ? undefined : reason('noMiner');
    }
    default:
      return undefined;
  }
}
