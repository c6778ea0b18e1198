import { flightOf } from '../messages/flight.ts';
import type { KnownMessage, Timeline } from '../timeline.ts';
import { foldStretches } from './folds.ts';
import type { Stretch } from './idle.ts';

/** Milliseconds without a message about it after which a journey is over. */
const OVER_MS = 20_000;
/** Milliseconds within which a node has what has arrived, and sends what it has. */
const CONNECT_MS = 2_000;
/** Milliseconds that a replay lasts at least, and slow factors from which the first is taken that makes it so long. */
const LEAST_REPLAY_MS = 4_000;
const FACTORS = [1, 1.5, 2, 3, 5, 7];
const MAX_FACTOR = 5_000;
/** Part of the diagram's width before a journey, and after it. */
export const EDGE_SHARE = 0.06;

/** How a transaction or a block travelled through the network. */
export interface Journey {
  /** A txid or block hash. */
  readonly id: string;
  readonly of: 'transaction' | 'block';
  /** From its first node, or the first message about it, until the last node has it, in milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** When nothing of it was under way, in the order of times. */
  readonly pauses: readonly Stretch[];
}

/** How a journey is shown. */
export interface ReplayPlan {
  /** How many times slower than it was. */
  readonly slowness: number;
  /** Milliseconds that the diagram shows, without folds. */
  readonly span: number;
  readonly folds: readonly Stretch[];
}

/**
 * Returns the journey of a transaction or block, as far as it is known at `now`; undefined if no message about it is
 * remembered. Messages that follow long after the others, as to a node that joins later, do not belong to it.
 */
export function journeyOf(timeline: Timeline, id: string, now: number): Journey | undefined {
  const of = timeline.blocks.has(id) ? 'block' : 'transaction';
  const busy: Stretch[] = [];
  let end = 0;
  for (const message of timeline.messages) {
    if (!isAbout(timeline, message, id)) continue;
    if (busy.length > 0 && message.time > end + OVER_MS) break;
    const to = message.time + flightOf(timeline, message, now).duration;
    busy.push({ from: message.time, to });
    end = Math.max(end, to);
  }
  if (busy.length === 0) return undefined;
  const [first, last] = [busy[0]!.from - CONNECT_MS, end + CONNECT_MS];
  for (const at of arrivalsOf(timeline, id)) {
    if (at >= first && at <= last) busy.push({ from: at, to: at });
  }
  busy.sort((a, b) => a.from - b.from);
  const { from } = busy[0]!;
  const pauses: Stretch[] = [];
  let to = from;
  for (const each of busy) {
    if (each.from > to) pauses.push({ from: to, to: each.from });
    to = Math.max(to, each.to);
  }
  return { id, of, from, to, pauses };
}

/** Returns whether a message names or carries a transaction or block. */
export function isAbout(timeline: Timeline, { hashes }: KnownMessage, id: string): boolean {
  return hashes.some((hash) => hash === id || timeline.txidOf(hash) === id);
}

function arrivalsOf({ blocks, transactions }: Timeline, id: string): number[] {
  const stays = [...(transactions.get(id)?.stays ?? [])].map(([, { added }]) => added);
  return [...stays, ...(blocks.get(id)?.arrivals.values() ?? [])];
}

/** Returns how to show a journey in some seconds: its pauses folded, and slowed so that it lasts long enough. */
export function planReplay({ from, to, pauses }: Journey): ReplayPlan {
  let folds: Stretch[] = [];
  let [length, shorter] = [0, Math.max(1, to - from)];
  let span = 0;
  // What is folded makes the rest wider, and other pauses long in comparison.
  do {
    length = shorter;
    span = length / (1 - 2 * EDGE_SHARE);
    folds = foldStretches(pauses, span);
    shorter = folds.reduce((left, fold) => left - (fold.to - fold.from), Math.max(1, to - from));
  } while (shorter < length * 0.999);
  return { slowness: factorFor(length), span, folds };
}

function factorFor(length: number): number {
  for (let power = 1; power < MAX_FACTOR; power *= 10) {
    for (const factor of FACTORS) if (factor * power * length >= LEAST_REPLAY_MS) return factor * power;
  }
  return MAX_FACTOR;
}
