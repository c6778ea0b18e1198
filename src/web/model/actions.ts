import type { ControlClient } from '../../control/client/control-client.ts';
import type { NodeRole } from '../../devnet/topology/network-options.ts';
import type { Texts } from '../text/texts.ts';

/** What a field of an action takes. */
export type FieldKind = 'number' | 'amount' | 'text' | 'node' | 'role' | 'payee';

/** A field of an action. */
export interface ActionField {
  readonly name: keyof Texts['act']['fields'];
  readonly kind: FieldKind;
  readonly initial: string;
}

/** Values of an action's fields, by their names. */
export type ActionValues = Readonly<Record<string, string>>;

/** Something that the page can do to the network, as its command in a terminal does. */
export interface Action {
  readonly name: keyof Texts['act']['actions'];
  readonly fields: readonly ActionField[];
  /** Whether it concerns the page alone: no command and no call does the same. */
  readonly isOfPage?: boolean;
  /** Runs it. Returns what came of it, in a few words. */
  run(client: ControlClient, values: ActionValues): Promise<string>;
  /** The command in a terminal that does the same. */
  command(values: ActionValues): string;
  /** The call of the library that does the same. */
  call(values: ActionValues): string;
}

const field = (name: ActionField['name'], kind: FieldKind, initial: string): ActionField => ({ name, kind, initial });
/** An account's number, or an address. */
const payee = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
const groups = (text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map((group) => group.split(','));

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
    fields: [field('blocks', 'number', '1'), field('by', 'node', '')],
    run: async (client, { blocks, by }) => {
      const { hashes } = await client.call('mine', { blocks: Number(blocks), ...(by ? { by } : {}) });
      return hashes.at(-1) ?? '';
    },
    command: ({ blocks, by }) => `pier mine ${blocks}${by ? ` --by ${by}` : ''}`,
    call: ({ blocks, by }) => `await network.mine(${blocks}${by ? `, { by: ${quote(by)} }` : ''})`,
  },
  {
    name: 'pay',
    fields: [field('from', 'number', '0'), field('to', 'payee', '1'), field('amount', 'amount', '1.5')],
    run: async (client, { from, to, amount }) =>
      (await client.call('pay', { from: Number(from), to: payee(to!), amount: amount! })).txid,
    command: ({ from, to, amount }) => `pier pay ${from} ${to} ${amount}`,
    call: ({ from, to, amount }) => `await network.accounts[${from}].pay(${payeeCode(to!)}, ${quote(amount!)})`,
  },
  {
    name: 'faucet',
    fields: [field('to', 'payee', '0'), field('amount', 'amount', '1')],
    run: async (client, { to, amount }) => (await client.call('faucet', { to: payee(to!), amount: amount! })).txid,
    command: ({ to, amount }) => `pier faucet ${to} ${amount}`,
    call: ({ to, amount }) => `await network.faucet(${payeeCode(to!)}, ${quote(amount!)})`,
  },
  {
    name: 'partition',
    fields: [field('groups', 'text', '')],
    run: async (client, values) => {
      const { cut } = await client.call('partition', { groups: groups(values.groups!) });
      return cut.map(({ from, to }) => `${from} ✕ ${to}`).join(', ');
    },
    command: (values) => `pier partition ${values.groups}`,
    call: (values) => `await network.partition(${listCode(groups(values.groups!))})`,
  },
  {
    name: 'heal',
    fields: [],
    run: async (client) => String((await client.call('heal', {})) ?? ''),
    command: () => 'pier heal',
    call: () => 'await network.heal()',
  },
  {
    name: 'reorg',
    fields: [field('depth', 'number', '1'), field('by', 'node', '')],
    run: async (client, { depth, by }) => {
      const { won } = await client.call('reorg', { depth: Number(depth), ...(by ? { by } : {}) });
      return won.at(-1) ?? '';
    },
    command: ({ depth, by }) => `pier reorg ${depth}${by ? ` --by ${by}` : ''}`,
    call: ({ depth, by }) => `await network.reorg({ depth: ${depth}${by ? `, by: ${quote(by)}` : ''} })`,
  },
  {
    name: 'add',
    fields: [field('role', 'role', 'full'), field('name', 'text', ''), field('link', 'node', '')],
    run: async (client, values) => {
      const { name, height } = await client.call('node.add', addedNode(values));
      return `${name}: ${height}`;
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
    fields: [field('mode', 'number', '1')],
    run: async (client, { mode }) => {
      const transactions = Number(mode);
      const set = await client.call('mining', { mode: transactions === 0 ? 'manual' : { transactions } });
      return JSON.stringify(set.mode);
    },
    command: ({ mode }) => (Number(mode) === 0 ? 'pier mining manual' : `pier mining transactions ${mode}`),
    call: ({ mode }) => `network.mining = ${Number(mode) === 0 ? "'manual'" : `{ transactions: ${mode} }`}`,
  },
  {
    name: 'load',
    fields: [field('count', 'number', '50')],
    run: async (client, { count }) => String((await client.call('load', { count: Number(count) })).sent),
    command: ({ count }) => `pier load --count ${count}`,
    call: ({ count }) => `await network.traffic({ count: ${count} })`,
  },
  {
    name: 'time',
    fields: [field('seconds', 'number', '3600')],
    run: async (client, { seconds }) =>
      new Date((await client.call('time', { increase: Number(seconds) })).time * 1000).toISOString(),
    command: ({ seconds }) => `pier time --increase ${seconds}`,
    call: ({ seconds }) => `network.time.increase(${seconds})`,
  },
  {
    name: 'snapshot',
    fields: [field('name', 'text', '')],
    run: async (client, { name }) => (await client.call('snapshot.save', name ? { name } : {})).name,
    command: ({ name }) => `pier snapshot save${name ? ` ${name}` : ''}`,
    call: () => 'const id = await network.snapshot()',
  },
  {
    name: 'restore',
    fields: [field('name', 'text', '1')],
    run: async (client, { name }) => (await client.call('snapshot.restore', { name: name! })).name,
    command: ({ name }) => `pier snapshot restore ${name}`,
    call: () => 'await network.revert(id)',
  },
  {
    name: 'reset',
    fields: [],
    run: async (client) => String((await client.call('reset')) ?? ''),
    command: () => 'pier reset',
    call: () => 'await network.reset()',
  },
];

/** The actions on one node. */
export function nodeActions(node: string): readonly Action[] {
  return (['start', 'stop', 'kill', 'pause', 'resume'] as const).map((name) => ({
    name,
    fields: [],
    run: async (client) => String((await client.call(name, { node })) ?? ''),
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
    run: async (client) => String((await client.call('link', { between, cut: name === 'cut' })).isCut),
    command: () => `pier link ${from} ${to} --${name}`,
    call: () => `await network.link(${quote(from)}, ${quote(to)}).${name}()`,
  });
  return [
    change('cut'),
    change('mend'),
    {
      name: 'latency',
      fields: [field('latency', 'number', '200')],
      run: async (client, { latency }) =>
        `${(await client.call('link', { between, latency: Number(latency) })).latency} ms`,
      command: ({ latency }) => `pier link ${from} ${to} --latency ${latency}`,
      call: ({ latency }) => `network.link(${quote(from)}, ${quote(to)}).set({ latency: ${latency} })`,
    },
  ];
}
