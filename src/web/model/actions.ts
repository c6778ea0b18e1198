import type { ControlClient } from '../../control/client/control-client.ts';
import { MAX_BLOCKS, MAX_TRANSACTIONS } from '../../devnet/network/arguments/limits.ts';
import type { NodeRole } from '../../devnet/topology/network-options.ts';
import type { Texts } from '../text/texts.ts';
import { blockLink, linkLink, nodeLink, type Outcome, outcome, transactionLink } from './outcome.ts';

/** What a field of an action takes. */
export type FieldKind =
  | 'number'
  | 'amount'
  | 'text'
  | 'node'
  /** A node that can mine. */
  | 'miner'
  | 'role'
  | 'account'
  | 'payee'
  /** Nodes with commas between them, groups with spaces. */
  | 'groups';

/** A field of an action. */
export interface ActionField {
  readonly name: keyof Texts['act']['fields'];
  readonly kind: FieldKind;
  readonly initial: string;
  /** Least and most of a number. */
  readonly range?: readonly [number, number];
  /** Whether it may be empty. */
  readonly isOptional?: boolean;
}

/** Values of an action's fields, by their names. */
export type ActionValues = Readonly<Record<string, string>>;

/** Something that the page can do to the network, as its command in a terminal does. */
export interface Action {
  readonly name: keyof Texts['act']['actions'];
  readonly fields: readonly ActionField[];
  /** Whether it concerns the page alone: no command and no call does the same. */
  readonly isOfPage?: boolean;
  /** Runs it, with values that were checked. Returns what came of it. */
  run(client: ControlClient, values: ActionValues): Promise<Outcome>;
  /** The command in a terminal that does the same. */
  command(values: ActionValues): string;
  /** The call of the library that does the same. */
  call(values: ActionValues): string;
}

/** Milliseconds of a link, and seconds of a jump in time, at most. */
const MAX_LATENCY = 60_000;
const MAX_JUMP = 1_000_000_000;
const MAX_PAYMENTS = 1_000_000;

const field = (name: ActionField['name'], kind: FieldKind, initial: string): ActionField => ({ name, kind, initial });
const number = (name: ActionField['name'], initial: string, least: number, most: number): ActionField => ({
  ...{ ...field(name, 'number', initial), range: [least, most] },
});
const optional = (name: ActionField['name'], kind: FieldKind): ActionField => ({
  ...{ ...field(name, kind, ''), isOptional: true },
});

/** How many blocks are mined. */
export const blocksField = number('blocks', '1', 1, MAX_BLOCKS);
/** The node that mines. */
export const minerField = optional('by', 'miner');
/** What gets the reward. */
export const mineToField = optional('to', 'payee');

/** Returns what came of mining. */
export function mined(hashes: readonly string[]): Outcome {
  return outcome('mined', hashes.length, blockLink(hashes.at(-1)!));
}

/** An account's number, or an address. */
const payee = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
const groups = (text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map((group) => group.split(','));

const paid = ({ txid }: { readonly txid: string }) => outcome('paid', transactionLink(txid));

/** Returns the parameters of `node.add`. A role that there is not is refused by the network. */
function addedNode({ role, name, link }: ActionValues) {
  return { role: role as NodeRole, ...(name ? { name } : {}), ...(link ? { links: [link] } : {}) };
}

/** The code of a text, of a payee and of a list of lists. */
const quote = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
const payeeCode = (text: string) => (/^\d+$/.test(text) ? `network.accounts[${text}]` : quote(text));
const listCode = (lists: readonly (readonly string[])[]) =>
  `[${lists.map((list) => `[${list.map(quote).join(', ')}]`).join(', ')}]`;

/** The actions on the network as a whole. */
export const networkActions: readonly Action[] = [
  {
    name: 'mine',
    fields: [blocksField, minerField],
    run: async (client, { blocks, by }) => {
      const { hashes } = await client.call('mine', { blocks: Number(blocks), ...(by ? { by } : {}) });
      return mined(hashes);
    },
    command: ({ blocks, by }) => `pier mine ${blocks}${by ? ` --by ${by}` : ''}`,
    call: ({ blocks, by }) => `await network.mine(${blocks}${by ? `, { by: ${quote(by)} }` : ''})`,
  },
  {
    name: 'pay',
    fields: [field('from', 'account', '0'), field('to', 'payee', '1'), field('amount', 'amount', '1.5')],
    run: async (client, { from, to, amount }) =>
      paid(await client.call('pay', { from: Number(from), to: payee(to!), amount: amount! })),
    command: ({ from, to, amount }) => `pier pay ${from} ${to} ${amount}`,
    call: ({ from, to, amount }) => `await network.accounts[${from}].pay(${payeeCode(to!)}, ${quote(amount!)})`,
  },
  {
    name: 'faucet',
    fields: [field('to', 'payee', '0'), field('amount', 'amount', '1')],
    run: async (client, { to, amount }) => paid(await client.call('faucet', { to: payee(to!), amount: amount! })),
    command: ({ to, amount }) => `pier faucet ${to} ${amount}`,
    call: ({ to, amount }) => `await network.faucet(${payeeCode(to!)}, ${quote(amount!)})`,
  },
  {
    name: 'partition',
    fields: [field('groups', 'groups', '')],
    run: async (client, values) => {
      const { cut } = await client.call('partition', { groups: groups(values.groups!) });
      if (cut.length === 0) return outcome('undivided');
      return outcome(
        'divided',
        cut.map(({ from, to }) => linkLink(from, to, '✕')),
      );
    },
    command: (values) => `pier partition ${values.groups}`,
    call: (values) => `await network.partition(${listCode(groups(values.groups!))})`,
  },
  {
    name: 'heal',
    fields: [],
    run: async (client) => {
      await client.call('heal', {});
      return outcome('done');
    },
    command: () => 'pier heal',
    call: () => 'await network.heal()',
  },
  {
    name: 'reorg',
    fields: [number('depth', '1', 1, MAX_BLOCKS), minerField],
    run: async (client, { depth, by }) => {
      const { won } = await client.call('reorg', { depth: Number(depth), ...(by ? { by } : {}) });
      return outcome('reorganised', blockLink(won.at(-1)!));
    },
    command: ({ depth, by }) => `pier reorg ${depth}${by ? ` --by ${by}` : ''}`,
    call: ({ depth, by }) => `await network.reorg({ depth: ${depth}${by ? `, by: ${quote(by)}` : ''} })`,
  },
  {
    name: 'add',
    fields: [field('role', 'role', 'full'), optional('name', 'text'), optional('link', 'node')],
    run: async (client, values) => {
      const { name, height } = await client.call('node.add', addedNode(values));
      return outcome('added', nodeLink(name), height ?? '–');
    },
    command: ({ role, name, link }) =>
      `pier add${name ? ` ${name}` : ''}${role === 'full' ? '' : ` --role ${role}`}${link ? ` --link ${link}` : ''}`,
    call: (values) => {
      const { role, name, links } = addedNode(values);
      const options = [
        ...(role === 'full' ? [] : [`role: ${quote(role)}`]),
        ...(name === undefined ? [] : [`name: ${quote(name)}`]),
        ...(links ? [`links: [${links.map(quote).join(', ')}]`] : []),
      ];
      return `await network.addNode(${options.length > 0 ? `{ ${options.join(', ')} }` : ''})`;
    },
  },
  {
    name: 'mining',
    fields: [number('mode', '1', 0, MAX_TRANSACTIONS)],
    run: async (client, { mode }) => {
      const transactions = Number(mode);
      await client.call('mining', { mode: transactions === 0 ? 'manual' : { transactions } });
      return transactions === 0 ? outcome('byHand') : outcome('atCount', transactions);
    },
    command: ({ mode }) => (Number(mode) === 0 ? 'pier mining manual' : `pier mining transactions ${mode}`),
    call: ({ mode }) => `network.mining = ${Number(mode) === 0 ? "'manual'" : `{ transactions: ${mode} }`}`,
  },
  {
    name: 'load',
    fields: [number('count', '50', 1, MAX_PAYMENTS)],
    run: async (client, { count }) => {
      const { sent, refusals } = await client.call('load', { count: Number(count) });
      return outcome(
        'sent',
        sent,
        refusals.reduce((sum, refusal) => sum + refusal.count, 0),
      );
    },
    command: ({ count }) => `pier load --count ${count}`,
    call: ({ count }) => `await network.traffic({ count: ${count} })`,
  },
  {
    name: 'time',
    fields: [number('seconds', '3600', -MAX_JUMP, MAX_JUMP)],
    run: async (client, { seconds }) => {
      const { time } = await client.call('time', { increase: Number(seconds) });
      return outcome('time', new Date(time * 1000).toISOString());
    },
    command: ({ seconds }) => `pier time --increase ${seconds}`,
    call: ({ seconds }) => `network.time.increase(${seconds})`,
  },
  {
    name: 'snapshot',
    fields: [optional('name', 'text')],
    run: async (client, { name }) => outcome('saved', (await client.call('snapshot.save', name ? { name } : {})).name),
    command: ({ name }) => `pier snapshot save${name ? ` ${name}` : ''}`,
    call: () => 'const id = await network.snapshot()',
  },
  {
    name: 'restore',
    fields: [field('name', 'text', '1')],
    run: async (client, { name }) => outcome('restored', (await client.call('snapshot.restore', { name: name! })).name),
    command: ({ name }) => `pier snapshot restore ${name}`,
    call: () => 'await network.revert(id)',
  },
  {
    name: 'reset',
    fields: [],
    run: async (client) => {
      await client.call('reset');
      return outcome('done');
    },
    command: () => 'pier reset',
    call: () => 'await network.reset()',
  },
];

/** The actions on one node. */
export function nodeActions(node: string): readonly Action[] {
  return (['start', 'stop', 'kill', 'pause', 'resume'] as const).map((name) => ({
    name,
    fields: [],
    run: async (client) => {
      await client.call(name, { node });
      return outcome('doneOn', nodeLink(node));
    },
    command: () => `pier ${name} ${node}`,
    call: () => `await network.node(${quote(node)}).${name}()`,
  }));
}

/** The actions on one link. */
export function linkActions(from: string, to: string): readonly Action[] {
  const between: [string, string] = [from, to];
  const change = (name: 'cut' | 'mend'): Action => ({
    name,
    fields: [],
    run: async (client) => {
      await client.call('link', { between, cut: name === 'cut' });
      return outcome('doneOn', [linkLink(from, to)]);
    },
    command: () => `pier link ${from} ${to} --${name}`,
    call: () => `await network.link(${quote(from)}, ${quote(to)}).${name}()`,
  });
  return [
    change('cut'),
    change('mend'),
    {
      name: 'latency',
      fields: [number('latency', '200', 0, MAX_LATENCY)],
      run: async (client, values) => {
        const { latency } = await client.call('link', { between, latency: Number(values.latency) });
        return outcome('latency', [linkLink(from, to)], latency);
      },
      command: ({ latency }) => `pier link ${from} ${to} --latency ${latency}`,
      call: ({ latency }) => `network.link(${quote(from)}, ${quote(to)}).set({ latency: ${latency} })`,
    },
  ];
}

/** The actions on the network, in groups of a kind. */
export const actionGroups = (
  [
    ['mining', ['mine', 'mining', 'reorg']],
    ['money', ['pay', 'faucet', 'load']],
    ['nodes', ['add']],
    ['faults', ['partition', 'heal']],
    ['time', ['time']],
    ['snapshots', ['snapshot', 'restore', 'reset']],
  ] as const satisfies readonly (readonly [keyof Texts['act']['groups'], readonly Action['name'][]])[]
).map(([name, members]) => ({
  name,
  actions: members.map((member) => networkActions.find((action) => action.name === member)!),
}));
