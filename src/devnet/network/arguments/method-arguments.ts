import { z } from 'zod';
import { addressTypes } from '../../../wallet/keys.ts';
import { MAX_FEE_RATE } from '../../../wallet/payment.ts';
import { KEPT_LINES } from '../../nodes/node-log.ts';
import { nodeRoles } from '../../topology/network-options.ts';
import {
  above0,
  amount,
  because,
  between,
  conditions,
  conditionsSchema,
  list,
  object,
  oneOf,
  text,
  whole,
} from '../../topology/schema-parts.ts';
import { newName } from '../../topology/topology-schema.ts';
import { feedEventTypes } from '../events/feed-event-types.ts';
import { argumentCheck } from './check-arguments.ts';
import { MAX_BLOCKS, MAX_INTERVAL, MAX_TIME, MAX_TIMEOUT_MS, MAX_TRANSACTIONS } from './limits.ts';

/** Heights and depths at most, which no network reaches. */
const MAX_HEIGHT = 2 ** 31 - 1;

/** Returns the schema of an object of the network, of which only some members are looked at. */
function instance<T>(what: string, isOne: (value: Readonly<Record<string, unknown>>) => boolean) {
  const check = (value: unknown) => typeof value === 'object' && value !== null && isOne(value as never);
  return z.custom<T>(check, { error: because(what) });
}

function either(a: z.ZodType, b: z.ZodType, what: string) {
  return z.union([a, b], { error: because(what) });
}

const name = z.string({ error: because('a name') });
// Whether it is one of this network is checked with the names.
const anyNode = instance('a node', (value) => typeof value.name === 'string');
const node = either(name, anyNode, "a node of the network or the name of one, such as 'node1'");
const addedLink = z.union(
  [name, object({ to: node, ...conditions }, 'an object with to, latency, jitter, loss or bandwidth'), anyNode],
  { error: because("a node, the name of one, or an object such as { to: 'node1', latency: 50 }") },
);
const payment = instance(
  'a payment, which pay() returns',
  ({ txid, hex, wallet }) => typeof txid === 'string' && typeof hex === 'string' && typeof wallet === 'string',
);
const address = either(
  text(),
  instance('an account', (value) => typeof value.address === 'string'),
  'an address or an account of a network',
);
/** Returns the schema of a payment, or of a text that stands for one. */
function paymentOr(pattern: RegExp, what: string) {
  const error = because(`a payment or ${what}`);
  return z.union([z.string().regex(pattern, { error }), payment], { error });
}
const TXID = /^[0-9a-f]{64}$/;
const HEX = /^([0-9a-fA-F]{2})+$/;
const positiveAmount = amount.refine((value) => !/^0*\.?0*$/.test(String(value)), {
  error: because('an amount above 0'),
});
const type = oneOf(addressTypes);
const trueOrFalse = z.boolean({ error: because('true or false') });
const signal = z.instanceof(AbortSignal, { error: because('an AbortSignal') });
const feeRate = above0(MAX_FEE_RATE, 'a number of satoshis per virtual byte');
const timeout = between(0, MAX_TIMEOUT_MS, 'a number of milliseconds').optional();

const secondsOf = (time: number | Date) => (typeof time === 'number' ? time : time.getTime() / 1000);
const time = z.custom<number | Date>(
  (value) => (typeof value === 'number' || value instanceof Date) && +value >= 0 && secondsOf(value) < MAX_TIME + 1,
  { error: because('a time: seconds since the Unix epoch that fit into a block header, or a Date') },
);

function options<T extends z.ZodRawShape>(shape: T) {
  return object(shape, `an object with ${Object.keys(shape).join(', ')}`);
}

const wait = options({ timeout });
const replace = { feeRate: feeRate.optional(), submit: trueOrFalse.optional() };
const paths = (what: string) => ({ [what]: text() });

const transactionsError = because('a list of payments, txids or transactions in hex');
const modeError = because("'manual', { transactions: 1 }, or { interval: 10, poisson: true }");
const mode = z.union(
  [
    z
      .strictObject({
        transactions: whole(1, MAX_TRANSACTIONS).optional(),
        interval: above0(MAX_INTERVAL, 'a number of seconds').optional(),
        poisson: trueOrFalse.optional(),
      })
      .refine(
        ({ transactions, interval, poisson }) =>
          (transactions === undefined) !== (interval === undefined) && (poisson === undefined || !transactions),
        { error: modeError },
      ),
    z.literal('manual', { error: modeError }),
  ],
  { error: modeError },
);

/** The checks of all methods of a network that have arguments: before it acts, each method runs its own. */
export const check = {
  // NodeNetwork
  node: argumentCheck('node', { name }),
  link: argumentCheck('link', { a: node, b: node }),
  mining: argumentCheck('mining', { mode }, "Use 'manual', { transactions: 1 }, or { interval: 10, poisson: true }."),
  mine: argumentCheck('mine', {
    count: whole(0, MAX_BLOCKS),
    options: options({
      by: node.optional(),
      to: address.optional(),
      transactions: z.array(paymentOr(HEX, 'a txid or a transaction in hex'), { error: transactionsError }).optional(),
      time: time.optional(),
      timeout,
    }),
  }),
  addNode: argumentCheck('addNode', {
    options: options({
      role: oneOf(nodeRoles).optional(),
      name: newName.optional(),
      links: list(addedLink, "a list of nodes, such as ['node1', { to: 'node2', latency: 50 }]")
        .min(1, { error: because('a list of at least one node') })
        .optional(),
      timeout,
    }),
  }),
  faucet: argumentCheck('faucet', { to: address, amount: positiveAmount }),
  reorg: argumentCheck('reorg', {
    options: options({
      depth: whole(1, MAX_BLOCKS).optional(),
      blocks: whole(1, MAX_BLOCKS).optional(),
      by: node.optional(),
      drop: list(paymentOr(TXID, 'a txid'), 'a list of payments or txids').optional(),
      replace: list(paymentOr(HEX, 'a transaction in hex'), 'a list of payments or transactions in hex').optional(),
      timeout,
    }),
  }),
  partition: argumentCheck('partition', {
    groups: list(
      list(node, "a list of nodes, such as ['node1', 'node2']"),
      "a list of lists of nodes, such as [['node1', 'node2'], ['node3']]",
    ),
  }),
  heal: argumentCheck('heal', { options: wait }),
  synced: argumentCheck('synced', { options: wait }),
  traffic: argumentCheck('traffic', {
    options: options({
      count: whole(0, 1_000_000).optional(),
      seconds: above0(86_400, 'a number of seconds').optional(),
      rate: above0(10_000, 'a number of payments a second').optional(),
      feeRates: z
        .tuple([between(1, 1_000, 'a fee rate'), between(1, 1_000, 'a fee rate')], {
          error: because('a least and a highest fee rate, such as [1, 50]'),
        })
        .refine(([least, most]) => least <= most, {
          error: ({ input }) => `[${(input as number[]).join(', ')}] is not a least and a highest fee rate`,
        })
        .optional(),
      types: list(type, 'a list of address types')
        .min(1, { error: because('a list with an address type') })
        .optional(),
      conflicts: between(0, 1, 'a share').optional(),
      chains: between(0, 1, 'a share').optional(),
      seed: whole(0, 0xffff_ffff).optional(),
      signal: signal.optional(),
    }),
  }),
  events: argumentCheck('events', {
    options: options({ signal: signal.optional(), limit: whole(1, 1_000_000).optional() }),
  }),
  follow: argumentCheck('follow', {
    types: list(oneOf(feedEventTypes), 'a list of types of events'),
    listener: z.custom((value) => typeof value === 'function', { error: because('a function') }),
  }),
  save: argumentCheck('save', paths('path')),
  load: argumentCheck('load', paths('path')),
  revert: argumentCheck('revert', { id: text() }),
  deleteSnapshot: argumentCheck('deleteSnapshot', { id: text() }),
  // NetworkNode
  call: argumentCheck('node.call', {
    method: text(),
    params: instance('a list or an object of arguments', () => true),
    wallet: text().optional(),
  }),
  logs: argumentCheck('node.logs', { count: whole(1, KEPT_LINES) }),
  reached: argumentCheck('node.reached', { height: whole(0, MAX_HEIGHT), options: wait }),
  // Account
  wif: argumentCheck('account.wif', { type }),
  extendedKeys: argumentCheck('account.extendedKeys', { type }),
  descriptors: argumentCheck('account.descriptors', { type }),
  newAddress: argumentCheck('account.newAddress', { type }),
  pay: argumentCheck('account.pay', {
    to: address,
    amount: positiveAmount,
    options: options({ feeRate: feeRate.optional(), subtractFee: trueOrFalse.optional() }),
  }),
  payment: argumentCheck('account.payment', { txid: text().regex(TXID, { error: because('a txid') }) }),
  doubleSpend: argumentCheck('account.doubleSpend', {
    payment,
    options: options({ to: address.optional(), ...replace }),
  }),
  bumpFee: argumentCheck('account.bumpFee', { payment, options: options(replace) }),
  // Payment
  seenBy: argumentCheck('payment.seenBy', { nodes: node, options: wait }),
  confirmed: argumentCheck('payment.confirmed', { depth: whole(0, MAX_HEIGHT), options: wait }),
  // NetworkLink
  joins: argumentCheck('link.joins', { a: node, b: node }),
  setLink: argumentCheck('link.set', { conditions: conditionsSchema }),
  // NetworkTime
  setTime: argumentCheck('time.set', { time }),
  increase: argumentCheck('time.increase', { seconds: z.number({ error: because('a number of seconds') }) }),
  // NetworkFees
  setFees: argumentCheck('fees.set', {
    rate: between(1, 1_000, 'a number of satoshis per virtual byte'),
    options: options({ blocks: whole(1, 10).optional(), timeout }),
  }),
} as const;
