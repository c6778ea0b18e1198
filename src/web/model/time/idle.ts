import { flightOf } from '../messages/flight.ts';
import { KEEP_ALIVE } from '../messages/message-kind.ts';
import { type Timeline, upperBound } from '../timeline.ts';

/** Messages before a stretch whose flights may reach into it, at most, and milliseconds of the longest of them. */
const MAX_FLIGHTS = 64;
const MAX_FLIGHT_MS = 10_000;

/** A stretch of time, in milliseconds since the Unix epoch. */
export interface Stretch {
  readonly from: number;
  /** Infinity if it is not over. */
  readonly to: number;
}

/**
 * Returns the stretches of at least `least` milliseconds in which no message was under way and no node connected a block, as
 * known at `now`: all that `from` to `to` has a part of. It takes as many steps as there are stretches in `to - from`, however many messages there are.
 */
export function idleStretches(
  timeline: Timeline,
  { from, to, least, now }: Stretch & { readonly least: number; readonly now: number },
): Stretch[] {
  const { messages } = timeline;
  const commandAt = (index: number) => messages.at(index)?.command ?? '';
  const forward = (index: number) => {
    let i = index;
    while (KEEP_ALIVE.has(commandAt(i))) i++;
    return i;
  };
  const backward = (index: number) => {
    let i = index;
    while (i >= 0 && KEEP_ALIVE.has(commandAt(i))) i--;
    return i;
  };
  const sentAt = (index: number) => messages.at(index)?.time ?? Number.POSITIVE_INFINITY;
  const found: Stretch[] = [];
  const add = (stretch: Stretch) => {
    if (stretch.to - stretch.from < least) return;
    let begin = stretch.from;
    for (const end of [...connectionsIn(timeline, stretch), stretch.to]) {
      if (end - begin >= least && end > from) found.push({ from: begin, to: end });
      begin = end;
    }
  };
  let i = backward(messages.lowerBound(from) - 1);
  if (i < 0) {
    i = forward(0);
    add({ from: timeline.begin, to: sentAt(i) });
  }
  while (i < messages.length && sentAt(i) <= to) {
    // The last one of those that follow each other faster.
    const last = backward(messages.lowerBound(sentAt(i) + least) - 1);
    if (last > i) {
      i = last;
      continue;
    }
    const next = forward(i + 1);
    add({ from: arrivalsUntil(timeline, i, now), to: sentAt(next) });
    i = next;
  }
  return found;
}

/** Returns when nodes changed their tips within a stretch, in the order of times. */
function connectionsIn({ nodes }: Timeline, { from, to }: Stretch): number[] {
  const times: number[] = [];
  for (const { moments } of nodes.values()) {
    for (let i = Math.max(1, upperBound(moments, from)); i < moments.length && moments[i]!.time < to; i++) {
      if (moments[i]!.tip !== moments[i - 1]!.tip) times.push(moments[i]!.time);
    }
  }
  return times.sort((a, b) => a - b);
}

/** Returns when the last message up to a position has arrived. */
function arrivalsUntil(timeline: Timeline, index: number, now: number): number {
  const { messages } = timeline;
  const oldest = Math.max(messages.lowerBound(messages.at(index)!.time - MAX_FLIGHT_MS), index - MAX_FLIGHTS);
  let last = 0;
  for (let i = index; i >= oldest; i--) {
    const message = messages.at(i)!;
    last = Math.max(last, message.time + flightOf(timeline, message, now).duration);
  }
  return last;
}
