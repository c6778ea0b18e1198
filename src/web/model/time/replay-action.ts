import type { Problem } from '../action-checks.ts';
import type { Action } from '../actions.ts';
import { outcome } from '../outcome.ts';
import type { Playback } from '../playback.ts';
import type { Timeline } from '../timeline.ts';

/** Returns the action that plays a payment, a block, or what an id names, again. It rejects with a `problem` if it cannot. */
export function replayAction({
  playback,
  timeline,
}: {
  readonly playback: Playback;
  readonly timeline: Timeline;
}): Action {
  return {
    name: 'replay',
    isOfPage: true,
    fields: [{ name: 'what', kind: 'text', initial: 'payment' }],
    run: async (_, { what = '' }) => {
      const last = { payment: timeline.lastTransaction, block: timeline.lastBlock };
      const id = what in last ? last[what as keyof typeof last] : what.toLowerCase();
      if (id === undefined || !playback.play(id, Date.now())) {
        const problem: Problem = { text: 'forgotten', values: [] };
        throw Object.assign(new Error('forgotten'), { problem });
      }
      return outcome('done');
    },
    command: () => '',
    call: () => '',
  };
}
