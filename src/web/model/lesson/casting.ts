import type { NodeRole } from '../../../devnet/topology/network-options.ts';
import type { Both } from './evidence.ts';

/**
 * What a part asks of its node. A `miner`, a `wallet` and a `central` node can be any full node, as each mines and holds wallets
 * for the control server; a `payer` is a full node with an account, in a network with another one; `light` is a light node.
 */
export type PartKind = 'miner' | 'wallet' | 'payer' | 'central' | 'light';

/** What casting reads of a network. */
export interface CastNetwork {
  readonly nodes: readonly { readonly name: string; readonly role: string; readonly status: string }[];
  readonly links: readonly { readonly from: string; readonly to: string }[];
  /** The node of each account. */
  readonly accounts: readonly { readonly node: string }[];
}

/** A part that no node can play. */
export interface MissingPart {
  readonly says: Both;
  /** Command in a terminal that helps. */
  readonly command: string;
  /** What the page can do about it; absent if it can do nothing. */
  readonly help?: Help;
}

/** A call of the control server that gives a part its node. */
export type Help =
  | { readonly method: 'start' | 'resume'; readonly node: string }
  | { readonly method: 'node.add'; readonly role: NodeRole; readonly name?: string };

/** Nodes by the parts that they play, or the parts that no node can play. */
export type Casting = { readonly cast: ReadonlyMap<string, string> } | { readonly missing: readonly MissingPart[] };

/** The role that is preferred for each kind of part. */
const ROLES: Readonly<Record<PartKind, NodeRole>> = {
  ...{ miner: 'miner', wallet: 'wallet', payer: 'wallet', central: 'central', light: 'light' },
};
/** In the order of casting: parts with less choice first. */
const ORDER: readonly PartKind[] = ['light', 'payer', 'wallet', 'central', 'miner'];

/** What the kinds of parts are called. */
export const partNames: Readonly<Record<PartKind, Both>> = {
  miner: { en: 'miner', zh: '矿工节点' },
  wallet: { en: 'wallet node', zh: '钱包节点' },
  payer: { en: 'wallet node', zh: '钱包节点' },
  central: { en: 'central node', zh: '中心节点' },
  light: { en: 'light node', zh: '轻节点' },
};

type CastNode = CastNetwork['nodes'][number];

/** Chooses a running node for each part: one with the role of that name if there is one, else any that can play it. */
export function chooseCast(parts: Readonly<Record<string, PartKind>>, network: CastNetwork): Casting {
  const cast = new Map<string, string>();
  const free = (status: (node: CastNode) => boolean) => {
    const taken = new Set(cast.values());
    return network.nodes.filter((node) => status(node) && !taken.has(node.name));
  };
  const isRunning = ({ status }: CastNode) => status === 'running';
  const inOrder = Object.entries(parts).sort(([, a], [, b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
  for (const isOwnRole of [true, false]) {
    for (const [part, kind] of inOrder) {
      if (cast.has(part)) continue;
      const able = free(isRunning).filter(
        (node) => canPlay(kind, node, network) && (!isOwnRole || node.role === ROLES[kind]),
      );
      const best = able.sort((a, b) => rank(kind, b, network, cast) - rank(kind, a, network, cast))[0];
      if (best) cast.set(part, best.name);
    }
  }
  const missing = inOrder.filter(([part]) => !cast.has(part));
  if (missing.length === 0) return { cast };
  const asleep = free((node) => !isRunning(node));
  const names = new Set(network.nodes.map(({ name }) => name));
  return {
    missing: missing.map(([, kind]) => {
      const sleeper = asleep.findIndex((node) => canPlay(kind, node, network));
      return sleeper < 0 ? absent(kind, names) : notRunning(kind, asleep.splice(sleeper, 1)[0]!);
    }),
  };
}

function canPlay(kind: PartKind, { name, role }: CastNode, { accounts }: CastNetwork): boolean {
  if (kind === 'light' || role === 'light') return kind === role;
  return kind !== 'payer' || (accounts.length > 1 && accounts.some(({ node }) => node === name));
}

/** Returns how well a node suits: a node without a role of its own, which no other lesson expects to be something else. */
function rank(
  kind: PartKind,
  { name, role }: CastNode,
  { links, accounts }: CastNetwork,
  cast: ReadonlyMap<string, string>,
): number {
  const linked = links.flatMap(({ from, to }) => (from === name ? [to] : to === name ? [from] : []));
  const plain = role === 'full' ? 1 : 0;
  if (kind === 'central') return 2 * linked.length + plain;
  if (kind === 'wallet') return 2 * plain + (accounts.some(({ node }) => node === name) ? 1 : 0);
  // Next to the central node: what it mines arrives there while other nodes are stopped.
  return 2 * plain + (linked.some((other) => other === cast.get('central')) ? 1 : 0);
}

function notRunning(kind: PartKind, { name, status }: CastNode): MissingPart {
  const method = status === 'paused' ? 'resume' : 'start';
  const { en, zh } = partNames[kind];
  return {
    says: {
      en: `It needs a ${en}, and ${name} is ${status}.`,
      zh: `本课需要${zh}，而 ${name} ${status === 'paused' ? '已暂停' : '已停止'}。`,
    },
    command: `pier ${method} ${name}`,
    help: { method, node: name },
  };
}

/** Says what helps if no node is one, and takes the name of the node that is to be added. */
function absent(kind: PartKind, names: Set<string>): MissingPart {
  if (kind === 'payer') {
    return {
      says: {
        en: 'It needs two accounts, one of them on a full node: the network was created without.',
        zh: '本课需要两个账户，其中一个位于全节点上，而该网络创建时没有这些账户。',
      },
      command: 'pier up --accounts 2',
    };
  }
  const role = kind === 'central' ? 'full' : ROLES[kind];
  const name = names.has(role) ? undefined : role;
  if (name !== undefined) names.add(name);
  const { en, zh } = partNames[kind];
  return {
    says: { en: `It needs a ${en}, and no other node can be one.`, zh: `本课需要${zh}，没有其他节点可以担任。` },
    command: `pier add${name === undefined ? '' : ` ${name}`}${role === 'full' ? '' : ` --role ${role}`}`,
    help: { method: 'node.add', role, ...(name === undefined ? {} : { name }) },
  };
}

/** Says in one text what a network lacks. */
export function missingText(missing: readonly MissingPart[]): Both {
  const join = (language: keyof Both, space: string) =>
    missing.map(({ says, command }) => `${says[language]}${space}(${command})`).join(space);
  return { en: join('en', ' '), zh: join('zh', '') };
}

/**
 * Returns a text with the names of the nodes in the places of their parts, such as `{miner}`: "the miner (node2)". A name that
 * only repeats the part is left out in English.
 */
export function withNames({ en, zh }: Both, cast: ReadonlyMap<string, string> | undefined): Both {
  const named = (text: string, isKept: (part: string, name: string) => boolean, brackets: readonly [string, string]) =>
    text.replace(/ ?\{(\w+)\}/g, (_, part: string) => {
      const name = cast?.get(part);
      return name !== undefined && isKept(part, name) ? `${brackets[0]}${name}${brackets[1]}` : '';
    });
  return { en: named(en, (part, name) => part !== name, [' (', ')']), zh: named(zh, () => true, ['（', '）']) };
}
