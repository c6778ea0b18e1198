import { z } from 'zod';
import { MAX_INTERVAL, MAX_TRANSACTIONS } from '../../devnet/network/arguments/limits.ts';
import { feedEventTypes } from '../../devnet/network/events/feed-event-types.ts';
import type { FeedEvent } from '../../devnet/network/events/network-feed.ts';
import { nodeRoles } from '../../devnet/topology/network-options.ts';
import { above0, whole } from '../../devnet/topology/schema-parts.ts';

const hash = z.string().meta({ description: '32 bytes as hex, in the byte order of RPC' });
const node = z.string().meta({ description: 'name of the node' });
const previous = hash.meta({ description: 'hash of the block before it' });
const height = z.int();
const count = z.int().min(0);
const satoshis = z.int();

/** When a network mines by itself. */
export const miningMode = z.union([
  z.strictObject({ transactions: whole(1, MAX_TRANSACTIONS) }),
  z.strictObject({ interval: above0(MAX_INTERVAL, 'a number of seconds'), poisson: z.boolean().optional() }),
  z.literal('manual'),
]);

/** Why a network fails to do so. */
export const miningFailure = z
  .object({ code: z.string().meta({ description: 'such as no-miner' }), message: z.string() })
  .nullable()
  .meta({ description: 'why mining in this mode failed, until it works again or the mode is set; null if it did not' });

/** What a log line has besides its time. */
export const logLine = {
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error']),
  category: z.string().meta({ description: 'the part of the node, such as chain; empty if the line names none' }),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).meta({ description: 'what else the line has, such as height' }),
};

/** The members of each type of event. */
const shapes = {
  node: {
    node,
    role: z.enum(nodeRoles),
    status: z.enum(['running', 'paused', 'stopped']),
    height: height.meta({ description: '-1 while the node is stopped' }),
    tip: z.string(),
    peers: count,
  },
  link: {
    from: node,
    to: node,
    isCut: z.boolean(),
    conditions: z.object({ latency: z.number(), jitter: z.number(), loss: z.number(), bandwidth: z.number() }),
  },
  message: {
    at: z.number().meta({ description: 'when the first of them was sent, in milliseconds since the Unix epoch' }),
    from: z.string().meta({ description: 'name of the sender; of another program, its end of the connection' }),
    to: z.string(),
    command: z.string(),
    count,
    bytes: count,
    node: node.meta({
      description: 'the node that reports it: its RPC method getmessage returns the message by its id',
    }),
    id: z.int().optional().meta({ description: 'absent, as what follows, if there are several in one event' }),
    hashes: z.array(hash).optional().meta({
      description:
        'the first eight blocks and transactions that it names or carries, by block hash, txid or wtxid; of headers the last',
    }),
    items: count.optional().meta({ description: 'how many there are' }),
  },
  arrival: {
    node: node.meta({ description: 'the node that has reported the message' }),
    id: z.int(),
    at: z.number().meta({ description: 'when its receiver has begun with it, as `at` of the message' }),
  },
  header: { node, height, hash, previous },
  block: {
    node,
    height,
    hash,
    previous,
    transactions: count,
    size: count.meta({ description: 'bytes, with witnesses' }),
  },
  transaction: {
    node,
    txid: hash,
    change: z.enum(['added', 'removed']),
    wtxid: hash.optional().meta({ description: 'absent if it is the txid, or if the node does not say it' }),
    reason: z.string().optional().meta({ description: 'why it has left the mempool' }),
    vsize: count.optional().meta({ description: 'virtual bytes; absent if the node does not say it' }),
    fee: satoshis.optional().meta({ description: 'absent if the node does not say it' }),
  },
  mempool: { node, transactions: count, bytes: count.meta({ description: 'virtual bytes' }) },
  reorg: {
    node,
    from: hash.meta({ description: 'the tip that the node has left' }),
    hash,
    height,
    fork: height.optional().meta({ description: 'height of the last block of both branches, if the node says it' }),
  },
  mining: { node, state: z.enum(['searching', 'found', 'abandoned']), height },
  mode: { mining: miningMode, failure: miningFailure },
  wallet: { node, wallet: z.string(), trusted: satoshis, pending: satoshis, immature: satoshis },
  log: {
    node,
    line: z.int().min(1).meta({ description: "counts the node's lines, from 1" }),
    ...logLine,
  },
  step: {
    step: z.int().min(1).meta({ description: 'number of the step' }),
    title: z.string(),
    facts: z
      .array(z.object({ node, label: z.string(), value: z.union([z.string(), z.number()]) }))
      .meta({ description: 'values read from nodes, which show that it has happened' }),
  },
  lost: { node, count: count.meta({ description: 'events of the node that were too many to be passed on' }) },
} as const;

/** Names of the types of events that can be subscribed to. */
export const eventTypes = [...feedEventTypes, 'step'] as const;

/** A type of event that can be subscribed to. */
export type EventType = (typeof eventTypes)[number];

/** Returns the schema of one type of event. */
function eventSchema<Type extends keyof typeof shapes>(type: Type) {
  return z.object({
    number: z.int().min(1).meta({ description: 'counts the events of the server, from 1' }),
    time: z.number().meta({ description: 'milliseconds since the Unix epoch, by the clock of the machine' }),
    type: z.literal(type),
    ...shapes[type],
  });
}

/** The schema of an event as the server sends it. */
export const controlEvent = z.union([
  eventSchema('node'),
  eventSchema('link'),
  eventSchema('message'),
  eventSchema('arrival'),
  eventSchema('header'),
  eventSchema('block'),
  eventSchema('transaction'),
  eventSchema('mempool'),
  eventSchema('reorg'),
  eventSchema('mining'),
  eventSchema('mode'),
  eventSchema('wallet'),
  eventSchema('log'),
  eventSchema('step'),
  eventSchema('lost'),
]);

/** A step that the owner of the network has played and verified: of `pier up` alone, its scenario's. */
export interface StepEvent {
  readonly type: 'step';
  /** From 1. */
  readonly step: number;
  readonly title: string;
  readonly facts: readonly { readonly node: string; readonly label: string; readonly value: string | number }[];
}

/** What a control server logs: what happens in the network, and what its owner reports. */
export type LoggedEvent = FeedEvent | StepEvent;

/** An event of a network, numbered by its control server. */
export type ControlEvent = (FeedEvent | StepEvent) & { readonly number: number; readonly time: number };

/** The schema of what the server sends to subscribers. */
export const eventsNotification = z.object({
  subscription: z.string(),
  events: z.array(controlEvent).meta({ description: 'in the order of their numbers' }),
  lost: z
    .object({ from: z.int(), to: z.int() })
    .optional()
    .meta({ description: 'numbers of events before these that the server no longer has, whatever their types were' }),
});
