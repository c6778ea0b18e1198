import type { NodeEvent } from '../../../node/composition/node-events.ts';
import { type Endpoint, parseEndpoint } from '../../../p2p/net/endpoint.ts';
import { PierError } from '../../../platform/errors.ts';
import type { LinkConditions } from '../../../testing/link-conditions.ts';
import type { NodeStatus } from '../../nodes/node-backend.ts';
import type { LogLine } from '../../nodes/node-log.ts';
import type { NodeRole } from '../../topology/network-options.ts';
import type { NetworkMembers } from '../members/network-members.ts';
import type { AutoMiner, MiningMode } from '../mining-mode.ts';
import type { NetworkLink } from '../network-link.ts';
import type { NetworkNode } from '../network-node.ts';
import { Arrivals } from './arrivals.ts';
import { type NetworkEvent, networkEvents } from './network-events.ts';

/** The events of one node that a feed passes on, with the node's name. */
export type NodeFeedEvent<Type extends NodeEvent['type']> = Extract<NodeEvent, { readonly type: Type }> & {
  readonly node: string;
};

/** Something that has happened in a network, as plain data. Hashes are hex as in RPC; amounts are satoshis. */
export type FeedEvent =
  | NodeFeedEvent<'header' | 'block' | 'reorg' | 'transaction' | 'mempool' | 'mining' | 'wallet' | 'lost'>
  /** A node was added, or has another status or number of peers. `height` is -1 while it is stopped. */
  | {
      readonly type: 'node';
      readonly node: string;
      readonly role: NodeRole;
      readonly status: NodeStatus;
      readonly height: number;
      readonly tip: string;
      readonly peers: number;
    }
  /** A link was added, cut, mended, or has other conditions. */
  | {
      readonly type: 'link';
      readonly from: string;
      readonly to: string;
      readonly isCut: boolean;
      readonly conditions: LinkConditions;
    }
  /** The network mines by itself in another mode, fails to do so, or does so again. */
  | { readonly type: 'mode'; readonly mining: MiningMode; readonly failure: MiningFailure | null }
  /**
   * A message that was sent, or, if there are many, those of one kind over a tenth of a second. Another program than a node is
   * named by its end of the connection.
   */
  | {
      readonly type: 'message';
      /** When the first of them was sent, in milliseconds since the Unix epoch by the clock of the machine. */
      readonly at: number;
      readonly from: string;
      readonly to: string;
      readonly command: string;
      readonly count: number;
      readonly bytes: number;
      /** The node that reports it: of one message alone, `getmessage` of this node returns number `id`. */
      readonly node: string;
      readonly id?: number;
      /** The first blocks and transactions that it is about, and how many there are: see `MessageSubjects`. */
      readonly hashes?: readonly string[];
      readonly items?: number;
    }
  /** The message number `id` that `node` has reported has arrived: its receiver has begun with it. */
  | {
      readonly type: 'arrival';
      readonly node: string;
      readonly id: number;
      /** Milliseconds since the Unix epoch, as of `message`. */
      readonly at: number;
    }
  /** A node has logged a line. */
  | ({ readonly type: 'log'; readonly node: string } & LogLine);

/** Why a network failed to mine by itself. */
export interface MiningFailure {
  /** The code of a `PierError`, such as `no-miner`. */
  readonly code: string;
  readonly message: string;
}

/** Returns a failure as plain data. */
export function describeFailure(failure: Error | undefined): MiningFailure | null {
  if (!failure) return null;
  return { code: failure instanceof PierError ? failure.code : 'internal-error', message: failure.message };
}

/** What a feed reads. */
export interface FeedSources {
  /** The nodes and links, and those that are added. */
  readonly members: Pick<NetworkMembers, 'nodes' | 'links' | 'onAdded'>;
  readonly miner: Pick<AutoMiner, 'mode' | 'failure' | 'onChange'>;
  /** Is aborted when the network closes. */
  readonly closed: AbortSignal;
  /** Returns the name of a node's peer on a link. */
  peerName(node: string, peer: Endpoint): string | undefined;
}

/**
 * Calls `given` for each event of the given types, until the function that it returns is called. Nodes of other
 * programs report no headers, messages, sizes of mempools, mining and wallets.
 */
export function followNetwork(
  sources: FeedSources,
  types: ReadonlySet<FeedEvent['type']>,
  given: (event: FeedEvent) => void,
): () => void {
  const { members } = sources;
  const offs: (() => void)[] = [];
  let isOver = false;
  // A look at a node may end after the last event.
  const listener = (event: FeedEvent) => {
    if (!isOver) given(event);
  };
  if (types.has('link')) {
    for (const link of members.links) offs.push(link.onChange(() => reportLink(link, listener)));
  }
  if (types.has('mode')) {
    const { miner } = sources;
    offs.push(
      miner.onChange(() => listener({ type: 'mode', mining: miner.mode, failure: describeFailure(miner.failure) })),
    );
  }
  const arrivals = types.has('arrival')
    ? new Arrivals((message, at) => listener({ type: 'arrival', ...message, at }))
    : undefined;
  const followNode = (node: NetworkNode) => {
    if (types.has('log')) {
      offs.push(node.backend.log.follow((line) => listener({ type: 'log', node: node.name, ...line })));
    }
    // To look at a node of another program costs it calls.
    if ([...types].every((type) => type === 'log' || type === 'link' || type === 'mode')) return;
    offs.push(
      node.backend.follow
        ? followPierNode(node, { ...sources, arrivals }, types, listener)
        : watchNode(node, sources, types, listener),
    );
  };
  for (const node of members.nodes) followNode(node);
  offs.push(
    members.onAdded(({ node, links, view }) => {
      if (types.has('node')) {
        const { name, role, status } = node;
        listener({ type: 'node', node: name, role, status, ...view, peers: 0 });
      }
      for (const link of types.has('link') ? links : []) {
        reportLink(link, listener);
        offs.push(link.onChange(() => reportLink(link, listener)));
      }
      followNode(node);
    }),
  );
  return () => {
    isOver = true;
    for (const off of offs) off();
  };
}

function reportLink({ from, to, isCut, conditions }: NetworkLink, listener: (event: FeedEvent) => void): void {
  listener({ type: 'link', from, to, isCut, conditions });
}

/** Reports a node that has changed. */
function reportNode(node: NetworkNode, listener: (event: FeedEvent) => void): void {
  const report = (height: number, tip: string, peers: number) =>
    listener({ type: 'node', node: node.name, role: node.role, status: node.status, height, tip, peers });
  if (node.status !== 'running') {
    report(-1, '', 0);
    return;
  }
  // A node that stops meanwhile changes again.
  node.view().then(
    ({ height, tip, peers }) => report(height, tip, peers),
    () => {},
  );
}

function followPierNode(
  node: NetworkNode,
  { members, peerName, arrivals }: FeedSources & { readonly arrivals: Arrivals | undefined },
  types: ReadonlySet<FeedEvent['type']>,
  listener: (event: FeedEvent) => void,
): () => void {
  const { name, backend } = node;
  const wanted = new Set<NodeEvent['type']>();
  for (const type of types) {
    if (type === 'node') wanted.add('peers');
    else if (type === 'arrival') wanted.add('message');
    else if (type !== 'link' && type !== 'log' && type !== 'mode') wanted.add(type);
  }
  const isReporting = (other: string | undefined) =>
    members.nodes.some((each) => each.name === other && each.backend.follow !== undefined);
  const pass = (event: NodeEvent) => {
    if (event.type === 'peers') {
      reportNode(node, listener);
    } else if (event.type === 'message') {
      const { peer, direction, sequence, ...message } = event;
      const other = peerName(name, parseEndpoint(peer));
      const [from, to] = direction === 'sent' ? [name, other ?? peer] : [other ?? peer, name];
      const isReported = isReporting(other);
      if (arrivals && isReported && sequence !== undefined) {
        const key = `${from} ${to} ${sequence}`;
        if (direction === 'sent') arrivals.sent(key, { node: name, id: message.id! });
        else arrivals.received(key, message.at);
      }
      // What another node has sent it reports itself.
      if (types.has('message') && (direction === 'sent' || !isReported)) listener({ ...message, from, to, node: name });
    } else {
      listener({ ...event, node: name });
    }
  };
  const offs = wanted.size > 0 ? [backend.follow!(wanted, pass)] : [];
  if (types.has('node')) {
    let { status } = node;
    offs.push(
      node.onChange(() => {
        if (node.status === status) return;
        status = node.status;
        reportNode(node, listener);
      }),
    );
  }
  return () => {
    for (const off of offs) off();
  };
}

/** Follows a node of another program by looks at it. */
function watchNode(
  node: NetworkNode,
  { closed }: FeedSources,
  types: ReadonlySet<FeedEvent['type']>,
  listener: (event: FeedEvent) => void,
): () => void {
  const ending = new AbortController();
  const pass = async () => {
    const members = { nodes: [node], links: [], onAdded: () => () => {} };
    const events = networkEvents({ members, closed }, { signal: ending.signal, limit: 1_000_000 });
    for await (const event of events) if (types.has(event.type)) await passSeen(node, event, listener);
  };
  pass().catch(() => listener({ type: 'lost', node: node.name, count: 1 }));
  return () => ending.abort();
}

/** What is read of a result of `getblock`. */
interface SeenBlock {
  readonly nTx: number;
  readonly size: number;
  readonly previousblockhash: string;
}

async function passSeen(node: NetworkNode, event: NetworkEvent, listener: (event: FeedEvent) => void): Promise<void> {
  const { name } = node;
  switch (event.type) {
    case 'node':
      reportNode(node, listener);
      break;
    case 'block': {
      const { height, hash } = event;
      const { nTx, size, previousblockhash: previous } = await node.call<SeenBlock>('getblock', [hash, 1]);
      listener({ type: 'block', node: name, height, hash, previous, transactions: nTx, size });
      break;
    }
    case 'reorg': {
      const { from, height, hash } = event;
      listener({ type: 'reorg', node: name, from, height, hash });
      break;
    }
    case 'transaction':
      listener({ type: 'transaction', node: name, txid: event.txid, change: event.change });
      break;
  }
}
