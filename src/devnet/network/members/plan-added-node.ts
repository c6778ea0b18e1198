import { PierError } from '../../../platform/errors.ts';
import type { ConditionsOptions, LinkOptions, NodeRole } from '../../topology/network-options.ts';
import { extendPlan, type NetworkPlan } from '../../topology/network-plan.ts';
import { listed, quote } from '../../topology/topology-error.ts';
import { MAX_NODES } from '../../topology/topology-schema.ts';
import { badArgument } from '../arguments/check-arguments.ts';
import { findNode } from '../arguments/references.ts';
import type { WaitOptions } from '../deadline.ts';
import type { NetworkNode } from '../network-node.ts';

/** A link of a node that is added: to which node, and how it carries bytes, as far as it differs from the network's links. */
export interface AddedLinkOptions extends ConditionsOptions {
  readonly to: NetworkNode | string;
}

/** The node that `NodeNetwork.addNode` adds. */
export interface AddNodeOptions extends WaitOptions {
  /** Default: `full`. */
  readonly role?: NodeRole | undefined;
  /** Default: `node4` in a network of three nodes, or the next of these names that is free. */
  readonly name?: string | undefined;
  /**
   * The nodes that it is linked to, one of which runs. Default: the central node, or else the first two full nodes that
   * run.
   */
  readonly links?: readonly (NetworkNode | string | AddedLinkOptions)[] | undefined;
}

/** Nodes that a new one is linked to by default, where none is central: it stays linked if one of them stops. */
const DEFAULT_LINKS = 2;

/**
 * Returns the plan of a network with one more node, which is the last. Throws `PierError` 'node-exists', 'unknown-node',
 * 'too-many-nodes', 'no-peer', 'bad-argument', and 'node-stopped' or 'node-paused' if none of its peers runs.
 */
export function planAddedNode(
  plan: NetworkPlan,
  nodes: readonly NetworkNode[],
  { role = 'full', name = freeName(nodes), links }: AddNodeOptions,
): NetworkPlan {
  if (nodes.some((node) => node.name === name)) {
    throw new PierError('node-exists', `addNode: options.name: a node is called ${quote(name)} already`, {
      hint: 'Give another name, or none.',
    });
  }
  if (nodes.length >= MAX_NODES) {
    throw new PierError('too-many-nodes', `addNode: the network has ${nodes.length} nodes, as many as it can have`);
  }
  const peers = links ? givenPeers(nodes, links, role) : defaultPeers(plan, nodes);
  // They have RPC and ports for other programs if all others have.
  const own = plan.nodes.filter(({ kind }) => kind === 'pier');
  const rpc = own.every(({ rpcPort }) => rpcPort !== undefined);
  const p2p = role !== 'light' && own.every((each) => each.role === 'light' || each.p2pPort !== undefined);
  return extendPlan(plan, {
    nodes: [{ name, role, rpc, p2p }],
    links: peers.map(({ node, conditions }): LinkOptions => ({ between: [name, node.name], ...conditions })),
  });
}

interface Peer {
  readonly node: NetworkNode;
  readonly conditions: ConditionsOptions;
}

function givenPeers(
  nodes: readonly NetworkNode[],
  links: NonNullable<AddNodeOptions['links']>,
  role: NodeRole,
): readonly Peer[] {
  const peers = links.map((given, i): Peer => {
    const where = `addNode: options.links[${i}]`;
    const { to, ...conditions } = typeof given === 'string' || isNode(given) ? { to: given } : given;
    const node = findNode(nodes, to, where);
    if (role === 'light' && !node.isFull) {
      throw badArgument(where, `${node.name} is a light node, which does not accept connections of another one`);
    }
    return { node, conditions };
  });
  for (const [i, { node }] of peers.entries()) {
    if (peers.findIndex((peer) => peer.node === node) === i) continue;
    throw badArgument(`addNode: options.links[${i}]`, `a link to ${node.name} is given twice`);
  }
  // A light node relays nothing: from light nodes alone, a node would never get the chain.
  const sources = peers.filter(({ node }) => node.isFull);
  if (sources.length === 0) {
    const names = listed(peers.map(({ node }) => node.name));
    throw badArgument(
      'addNode: options.links',
      `${names}: a node needs a full node, from which it downloads the chain`,
    );
  }
  if (!sources.some(({ node }) => node.status === 'running')) {
    sources[0]!.node.checkRunning('give a new node the chain');
  }
  return peers;
}

function defaultPeers({ nodes: planned }: NetworkPlan, nodes: readonly NetworkNode[]): readonly Peer[] {
  const running = nodes.filter(({ isFull, status }) => isFull && status === 'running');
  // A bitcoind serves light nodes only if it is told to, and does not announce its whole mempool to a new peer.
  const isForeign = ({ name }: NetworkNode) => planned.some((each) => each.name === name && each.kind !== 'pier');
  const own = running.filter((node) => !isForeign(node));
  const central = own.find(({ role }) => role === 'central');
  const peers = central ? [central] : (own.length > 0 ? own : running).slice(0, DEFAULT_LINKS);
  if (peers.length === 0) {
    throw new PierError('no-peer', 'addNode: no full node is running, from which the node could download the chain', {
      hint: 'Start one with node(NAME).start().',
    });
  }
  return peers.map((node) => ({ node, conditions: {} }));
}

function isNode(given: NetworkNode | AddedLinkOptions): given is NetworkNode {
  return !('to' in given);
}

/** Returns the name that the next planned node would have, or the first one after it that is free. */
function freeName(nodes: readonly NetworkNode[]): string {
  const names = new Set(nodes.map(({ name }) => name));
  let number = nodes.length + 1;
  while (names.has(`node${number}`)) number++;
  return `node${number}`;
}
