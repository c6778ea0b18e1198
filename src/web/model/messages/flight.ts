import type { KnownMessage, LinkMoment, Timeline } from '../timeline.ts';

/** Milliseconds, beyond the latency of the link, after which a message without an arrival is taken as lost. */
export const LOST_MS = 3_000;

/** The way of a message. */
export interface Flight {
  /** When it arrived; undefined while it is under way, and if it is lost. */
  readonly arrived: number | undefined;
  /** Whether it has not arrived, and will not: its link was cut, or its receiver was stopped. */
  readonly isLost: boolean;
  /** Milliseconds on the way: so far if it has not arrived. */
  readonly duration: number;
}

/** Returns the way of a message as it is known at a moment. */
export function flightOf(timeline: Timeline, message: KnownMessage, time: number): Flight {
  const { time: sent, id } = message;
  const latency = linkOf(timeline, message)?.latency ?? 0;
  const elapsed = Math.max(0, time - sent);
  // Of several in one event, and of those to other programs, no arrival is known.
  const isReported = id !== undefined && timeline.nodes.has(message.to) && timeline.nodes.has(message.from);
  const arrived = message.arrived ?? (isReported ? undefined : sent + latency);
  if (arrived !== undefined && arrived <= time) return { arrived, isLost: false, duration: arrived - sent };
  // It is known now that it will arrive, though it had not at the moment shown.
  const isLost = arrived === undefined && elapsed > latency + LOST_MS;
  return { arrived: undefined, isLost, duration: isLost ? latency : elapsed };
}

/** Returns the link that a message took, as it was when it was sent. */
export function linkOf(timeline: Timeline, { from, to, time }: KnownMessage): LinkMoment | undefined {
  return timeline.linkAt(from, to, time) ?? timeline.linkAt(to, from, time);
}
