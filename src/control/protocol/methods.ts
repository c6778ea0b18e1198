import { z } from 'zod';
import { MAX_BLOCKS, MAX_TIME } from '../../devnet/network/arguments/limits.ts';
import { nodeRoles } from '../../devnet/topology/network-options.ts';
import { above0, because, between, conditions, object, oneOf, whole } from '../../devnet/topology/schema-parts.ts';
import { newName } from '../../devnet/topology/topology-schema.ts';
import { addressTypes } from '../../wallet/keys.ts';
import { eventTypes, logLine, miningFailure, miningMode } from './events.ts';

/** Lines of logs that one answer has at most. */
const MAX_LOG_LINES = 5_000;

const named = (what: string) => z.string({ error: because(what) }).min(1, { error: because(what) });
const text = named('a text with characters');
const name = named('the name of a node').meta({ description: 'name of a node' });
const notAccount = because('the number of an account, from 0');
const account = z
  .int({ error: notAccount })
  .min(0, { error: notAccount })
  .meta({ description: 'number of an account, from 0' });
const payer = z
  .union([account, named('the number of an account, or the name of its wallet')])
  .meta({ description: 'number of an account, or name of its wallet' });
const payee = z
  .union([account, named('the number of an account, the name of its wallet, or an address')])
  .meta({ description: 'number of an account, name of its wallet, or an address' });
const notAmount = because("an amount of bitcoins above 0 with up to eight decimals, such as '1.5'");
const amount = z
  .string({ error: notAmount })
  .regex(/^(?!0*\.?0*$)(\d{1,8}(\.\d{1,8})?|\.\d{1,8})$/, { error: notAmount })
  .meta({ description: 'bitcoins, as a decimal text' });
const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: because('a hash of 64 hexadecimal digits') });
const hex = z.string().regex(/^([0-9a-f]{2})+$/i, { error: because('bytes in hexadecimal digits') });
const rate = between(1, 1_000, 'a number of satoshis per virtual byte').meta({
  description: 'satoshis per virtual byte',
});
const rateOr0 = between(1, 1_000, '0, or a number of satoshis per virtual byte');
const timeout = between(0, 3_600_000, 'a number of milliseconds').optional().meta({ description: 'milliseconds' });
const seconds = whole(0, MAX_TIME).meta({ description: 'seconds since the Unix epoch' });
const count = whole(1, MAX_BLOCKS);
const share = between(0, 1, 'a share');
const none = z.null();

const link = z.object({
  from: name,
  to: name,
  isCut: z.boolean(),
  latency: z.number(),
  jitter: z.number(),
  loss: z.number(),
  bandwidth: z.number(),
});

const nodeStatus = z.object({
  id: z.int().nullable().meta({ description: 'port at which it accepts peers of other programs' }),
  name,
  role: z.enum(nodeRoles),
  status: z.enum(['running', 'paused', 'stopped']),
  answers: z
    .boolean()
    .meta({ description: 'false if it is stopped or paused, or has not answered within three seconds' }),
  height: z.int().nullable(),
  tip: z.string().nullable(),
  peers: z.int().nullable(),
  mempool: z.int().nullable().meta({ description: 'number of transactions' }),
  backlog: z.int().nullable().meta({ description: 'how many of these `fees` has made, even if no block takes them' }),
  balance: z.string().nullable().meta({ description: 'bitcoins that its wallets can spend' }),
  p2p: z.string().nullable().meta({ description: 'HOST:PORT' }),
  rpcUrl: z.string().nullable().meta({ description: 'without credentials' }),
  cookieFile: z.string().nullable(),
  electrumUrl: z.string().nullable(),
  esploraUrl: z.string().nullable(),
});

const snapshotName = named('the name of a snapshot').max(100, { error: because('a name of up to 100 characters') });

const keys = z.object({ address: z.string(), path: z.string(), privateKey: z.string() });

const snapshot = z.object({
  name: text,
  height: z.int().nullable().meta({ description: 'null if no node ran' }),
  time: z.int().meta({ description: "the network's time, in seconds since the Unix epoch" }),
});

/** The definition of one method. */
interface MethodDefinition {
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly result: z.ZodType;
}

/** The methods of the control server: the only source of its checks, its OpenRPC document, and the client's types. */
export const methods = {
  status: {
    summary: 'Returns the nodes of the network and what they have.',
    params: z.strictObject({}),
    result: z.object({
      name: text.meta({ description: 'name of the network on this machine' }),
      network: z.string().meta({ description: 'name of the chain, such as regtest' }),
      control: z.string().nullable().meta({ description: 'address of the control server' }),
      page: z.string().nullable(),
      time: z.int(),
      mining: miningMode,
      miningFailure,
      nodes: z.array(nodeStatus),
    }),
  },
  mine: {
    summary: 'Mines blocks, and returns their hashes once every node that the miner reaches has them.',
    params: z.strictObject({
      blocks: whole(0, MAX_BLOCKS).optional().meta({ description: 'default 1' }),
      by: name.optional(),
      to: payee.optional(),
      transactions: z.array(z.union([hash, hex])).optional(),
      time: seconds.optional(),
      timeout,
    }),
    result: z.object({ hashes: z.array(z.string()) }),
  },
  mining: {
    summary: 'Sets when the network mines by itself, if a mode is given, and returns the mode.',
    params: z.strictObject({ mode: miningMode.optional() }),
    result: z.object({ mode: miningMode }),
  },
  accounts: {
    summary: 'Returns the accounts with their keys and what they can spend.',
    params: z.strictObject({}),
    result: z.object({
      mnemonic: z.string().nullable().meta({ description: 'null if each account has one of its own' }),
      accounts: z.array(
        z.object({
          index: account,
          node: name,
          wallet: z.string(),
          balance: z.string().nullable(),
          keys: z.object(
            Object.fromEntries(addressTypes.map((type) => [type, keys])) as Record<
              (typeof addressTypes)[number],
              typeof keys
            >,
          ),
        }),
      ),
    }),
  },
  faucet: {
    summary: 'Pays from the coins that mining earned.',
    params: z.strictObject({ to: payee, amount }),
    result: z.object({ txid: hash }),
  },
  pay: {
    summary: 'Pays from an account.',
    params: z.strictObject({ from: payer, to: payee, amount, feeRate: rate.optional() }),
    result: z.object({ txid: hash }),
  },
  doublespend: {
    summary: 'Spends the coins of an unconfirmed payment again, with a higher fee.',
    params: z.strictObject({
      txid: hash.meta({ description: 'the payment, which an account has made' }),
      to: payee.optional().meta({ description: 'what gets the coins; default: the account itself' }),
      feeRate: rate.optional().meta({ description: 'default: enough to replace the payment' }),
    }),
    result: z.object({ txid: hash }),
  },
  reorg: {
    summary: 'Lets blocks of another branch win.',
    params: z.strictObject({
      depth: count.optional().meta({ description: 'blocks that lose; default 1' }),
      blocks: count.optional().meta({ description: 'blocks that win; default one more' }),
      by: name.optional(),
      drop: z.array(hash).optional(),
      replace: z.array(hex).optional(),
      timeout,
    }),
    result: z.object({ lost: z.array(z.string()), won: z.array(z.string()) }),
  },
  partition: {
    summary: 'Cuts the links between groups of nodes; nodes in no group form one more. Links that are cut stay so.',
    params: z.strictObject({ groups: z.array(z.array(name)) }),
    result: z.object({ cut: z.array(link) }),
  },
  heal: {
    summary: 'Mends all links and waits until all running nodes have chains of equal work.',
    params: z.strictObject({ timeout }),
    result: none,
  },
  links: {
    summary: 'Returns all links.',
    params: z.strictObject({}),
    result: z.object({ links: z.array(link) }),
  },
  link: {
    summary: 'Changes a link as far as conditions or `cut` are given, and returns it.',
    params: z.strictObject({ between: z.tuple([name, name]), ...conditions, cut: z.boolean().optional() }),
    result: link,
  },
  time: {
    summary: "Sets, moves, stops or resumes the network's time, and returns it.",
    params: z.strictObject({
      set: seconds.optional(),
      increase: z.number().optional().meta({ description: 'seconds' }),
      frozen: z.boolean().optional(),
    }),
    result: z.object({ time: z.int() }),
  },
  fees: {
    summary:
      'Sets the fee rate at which transactions confirm; 0 lets them confirm at any rate, and leaves the backlog. Returns it.',
    params: z.strictObject({
      rate: z.union([z.literal(0), rateOr0]).optional(),
      blocks: whole(1, 10).optional(),
      timeout,
    }),
    result: z.object({
      rate: z.number().nullable(),
      backlog: z
        .int()
        .meta({ description: 'transactions of the backlog in mempools; without a rate no block takes them' }),
    }),
  },
  load: {
    summary: 'Lets the accounts pay each other at random until `count` or `seconds` are over, or the client leaves.',
    params: z.strictObject({
      count: whole(0, 1_000_000).optional(),
      seconds: above0(86_400, 'a number of seconds').optional(),
      rate: above0(10_000, 'a number of payments a second').optional().meta({ description: 'payments per second' }),
      feeRates: z.tuple([rate, rate]).optional(),
      types: z.array(z.enum(addressTypes)).min(1).optional(),
      conflicts: share.optional(),
      chains: share.optional(),
      seed: whole(0, 0xffff_ffff).optional(),
    }),
    result: z.object({
      sent: z.int(),
      replaced: z.int(),
      chained: z.int(),
      refused: z.int(),
      refusals: z
        .array(z.object({ reason: z.string(), count: z.int() }))
        .meta({ description: 'why, the most frequent reason first' }),
      vbytes: z.int(),
      seconds: z.number(),
    }),
  },
  'snapshot.save': {
    summary: 'Keeps the state of everything under a name, in memory, until the network ends.',
    params: z.strictObject({ name: snapshotName.optional().meta({ description: 'default: the next number' }) }),
    result: snapshot,
  },
  'snapshot.list': {
    summary: 'Returns the snapshots, oldest first.',
    params: z.strictObject({}),
    result: z.object({ snapshots: z.array(snapshot) }),
  },
  'snapshot.restore': {
    summary: 'Restores a snapshot, which stays.',
    params: z.strictObject({ name: snapshotName }),
    result: snapshot,
  },
  'snapshot.delete': {
    summary: 'Forgets a snapshot.',
    params: z.strictObject({ name: snapshotName }),
    result: none,
  },
  'node.add': {
    summary:
      'Adds a node with links to others, and returns its status once it runs and has downloaded the chain from its peers.',
    params: z.strictObject({
      role: oneOf(nodeRoles).optional().meta({ description: 'default: full' }),
      name: newName.optional().meta({ description: 'default: the next of node1, node2 and so on that is free' }),
      links: z
        .array(
          z.union(
            [name, object({ to: name, ...conditions }, 'an object with to, latency, jitter, loss or bandwidth')],
            {
              error: because('the name of a node, or an object with to'),
            },
          ),
        )
        .min(1, { error: because('a list of at least one node') })
        .optional()
        .meta({ description: 'default: the central node, or else the first two full nodes that run' }),
      timeout,
    }),
    result: nodeStatus,
  },
  start: {
    summary: 'Starts a node that was stopped or killed.',
    params: z.strictObject({ node: name }),
    result: none,
  },
  stop: {
    summary: 'Stops a node in order.',
    params: z.strictObject({ node: name }),
    result: none,
  },
  kill: {
    summary: 'Ends a node as SIGKILL would.',
    params: z.strictObject({ node: name }),
    result: none,
  },
  pause: {
    summary: 'Holds a node back as SIGSTOP would.',
    params: z.strictObject({ node: name }),
    result: none,
  },
  resume: {
    summary: 'Lets a paused node go on.',
    params: z.strictObject({ node: name }),
    result: none,
  },
  call: {
    summary: 'Calls an RPC method of a node.',
    params: z.strictObject({
      node: name,
      method: text,
      params: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).optional(),
      wallet: z.string().optional(),
    }),
    result: z.unknown(),
  },
  reset: {
    summary: 'Restores the state in which the network was created. Snapshots stay.',
    params: z.strictObject({}),
    result: none,
  },
  logs: {
    summary: "Returns the last lines of the nodes' logs, by time; later ones are the events `log`.",
    params: z.strictObject({
      node: name.optional().meta({ description: 'default: all' }),
      lines: whole(1, MAX_LOG_LINES).optional().meta({ description: 'default 100; a node keeps 1,000' }),
    }),
    result: z.object({
      lines: z.array(
        z.object({
          node: name,
          line: z.int().min(1).meta({ description: "counts the node's lines, from 1" }),
          time: z.number().meta({ description: 'milliseconds since the Unix epoch, by the clock of the machine' }),
          ...logLine,
        }),
      ),
      files: z.array(z.object({ node: name, path: z.string() })).meta({
        description: "files with the nodes' whole logs; a node in the network's own process has none",
      }),
    }),
  },
  down: {
    summary: 'Stops the network. The server answers first.',
    params: z.strictObject({}),
    result: none,
  },
  subscribe: {
    summary: 'Sends events of the given types from now on, or from those after a number, as notifications `events`.',
    params: z.strictObject({
      types: z
        .array(z.enum(eventTypes))
        .min(1)
        .optional()
        .meta({ description: 'default: all but message, arrival, wallet and log' }),
      after: z.int().min(0).optional().meta({ description: 'the last number that the client has' }),
      server: z.string().optional().meta({ description: 'the server that counted it; of another one, all are lost' }),
    }),
    result: z.object({
      subscription: z.string(),
      server: z.string().meta({ description: 'names this run of the server: another one counts anew' }),
      number: z.int().meta({ description: 'the last number so far' }),
    }),
  },
  unsubscribe: {
    summary: 'Ends a subscription.',
    params: z.strictObject({ subscription: z.string() }),
    result: none,
  },
  'rpc.discover': {
    summary: 'Returns the OpenRPC document of this server.',
    params: z.strictObject({}),
    result: z.record(z.string(), z.unknown()),
  },
} as const satisfies Readonly<Record<string, MethodDefinition>>;

/** The name of a method. */
export type MethodName = keyof typeof methods;

/** The parameters of a method, by name. */
export type ParamsOf<M extends MethodName> = z.input<(typeof methods)[M]['params']>;

/** The result of a method. */
export type ResultOf<M extends MethodName> = z.output<(typeof methods)[M]['result']>;
