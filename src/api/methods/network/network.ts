import { toHex } from '../../../bytes/hex.ts';
import type { ConnectionManager, PeerInfo } from '../../../p2p/connections/connection-manager.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import { formatEndpoint, parseEndpoint, reachOf } from '../../../p2p/net/endpoint.ts';
import { PROTOCOL_VERSION, ServiceFlag, serviceNames } from '../../../p2p/wire/protocol.ts';
import { PierError } from '../../../platform/errors.ts';
import { booleanArgument, int64Argument, optional, textArgument } from '../../arguments/arguments.ts';
import { amountJson, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { methodHelp } from '../../method/help.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';
import { addressFamily, networkNames } from './addresses.ts';

/** Version of Bitcoin Core whose RPC interface this is (Core: CLIENT_VERSION); clients select methods by it. */
const CORE_VERSION = 300_000;

const NODE = 'The address of the node: HOST:PORT, or HOST with the default port of the network.';

/** Methods for connections and traffic. */
export const networkMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'getnetworkinfo',
    category: 'Network',
    description:
      'Returns the state of P2P networking. "version" is the Bitcoin Core version whose RPC interface the node implements.',
    arguments: [],
    result:
      '{ "version": n, "subversion": text, "protocolversion": n, "localservices": hex, "localservicesnames": [name],\n' +
      '  "localrelay": bool, "timeoffset": 0, "networkactive": bool, "connections": n, "connections_in": n,\n' +
      '  "connections_out": n, "networks": [...], "relayfee": amount, "incrementalfee": amount, "localaddresses": [],\n' +
      '  "warnings": [] }',
    handler: ({ node: { connections: peers, mempool } }) => {
      const all = peers.peers();
      const inbound = all.filter((peer) => peer.inbound).length;
      return {
        version: CORE_VERSION,
        subversion: peers.userAgent,
        protocolversion: PROTOCOL_VERSION,
        localservices: hex64(peers.services),
        localservicesnames: serviceNames(peers.services),
        localrelay: peers.relaysTransactions,
        timeoffset: 0,
        networkactive: peers.networkActive,
        connections: all.length,
        connections_in: inbound,
        connections_out: all.length - inbound,
        networks: networkNames.map(networkJson),
        relayfee: amountJson(mempool?.options.minRelayFeeRate ?? 0n),
        incrementalfee: amountJson(mempool?.options.incrementalRelayFeeRate ?? 0n),
        localaddresses: [],
        warnings: [],
      };
    },
  }),
  method({
    name: 'getmessage',
    category: 'Network',
    description:
      'Returns a message that the node has sent or received a short while ago, while its messages were followed as events of\n' +
      'a control server. It keeps a mebibyte of them, and the first 65536 bytes of a longer one.',
    arguments: [int64Argument('id', 'The number of the message in its event.')],
    result: '{ "command": word, "size": bytes of the whole payload, "payload": hex }',
    example: '1700000000000000',
    handler: ({ node: { connections } }, id) => {
      const message = connections.recentMessages.get(id);
      if (!message) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, `The node keeps no message ${id}: only the last ones are kept`);
      }
      const { command, size, payload } = message;
      return { command, size, payload: toHex(payload) };
    },
  }),
  method({
    name: 'getnettotals',
    category: 'Network',
    description: 'Returns the bytes received from and sent to peers, and the system time. There is no upload target.',
    arguments: [],
    result: '{ "totalbytesrecv": n, "totalbytessent": n, "timemillis": milliseconds, "uploadtarget": {...} }',
    handler: ({ node: { connections: peers, clock } }) => {
      const { received, sent } = peers.totalBytes;
      return {
        totalbytesrecv: received,
        totalbytessent: sent,
        timemillis: clock.now(),
        uploadtarget: {
          timeframe: 86_400,
          target: 0,
          target_reached: false,
          serve_historical_blocks: true,
          bytes_left_in_cycle: 0,
          time_left_in_cycle: 0,
        },
      };
    },
  }),
  method({
    name: 'getpeerinfo',
    category: 'Network',
    description: 'Returns data about each connected peer.',
    arguments: [],
    result:
      '[{ "id": n, "addr": text, "network": word, "services": hex, "servicesnames": [name], "relaytxes": bool,\n' +
      '  "lastsend": unixtime, "lastrecv": unixtime, "bytessent": n, "bytesrecv": n, "conntime": unixtime,\n' +
      '  "pingtime": seconds, "version": n, "subver": text, "inbound": bool, "startingheight": n, "synced_headers": n,\n' +
      '  "synced_blocks": n, "inflight": [height], "minfeefilter": amount, "connection_type": word, ... }, ...]',
    handler: ({ node: { connections: peers } }) => peers.peers().map((peer) => peerJson(peers.info(peer))),
  }),
  method({
    name: 'getconnectioncount',
    category: 'Network',
    description: 'Returns the number of connected peers.',
    arguments: [],
    result: 'n',
    handler: ({ node: { connections: peers } }) => peers.peers().length,
  }),
  method({
    name: 'addnode',
    category: 'Network',
    description: 'Adds a node to the nodes to stay connected to, removes it, or tries to connect to it once.',
    arguments: [
      textArgument('node', NODE),
      textArgument('command', '"add", "remove" or "onetry".'),
      optional(
        booleanArgument('v2transport', 'Whether to attempt the BIP324 v2 transport first.'),
        undefined,
        "the node's setting",
      ),
    ],
    result: 'null',
    example: '"127.0.0.1:3001" "add"',
    handler: (context, text, command, v2) => {
      const { connections: peers, logger } = context.node;
      if (v2 === true && (peers.services & ServiceFlag.P2P_V2) === 0n) {
        throw new RpcError(
          RpcCode.INVALID_PARAMETER,
          'Error: v2transport requested but not enabled (see -v2transport)',
        );
      }
      const endpoint = endpointArgument(context, text);
      if (command === 'onetry') {
        // As in Core, the call does not wait for the connection, and a failure is only logged.
        peers.connect(endpoint, v2).catch((error: unknown) => logger.info({ err: error }, 'addnode onetry failed'));
      } else if (command === 'add') {
        if (!peers.addNode(endpoint, v2)) {
          throw new RpcError(RpcCode.CLIENT_NODE_ALREADY_ADDED, 'Error: Node already added');
        }
      } else if (command === 'remove') {
        if (!peers.removeNode(endpoint)) {
          const message = 'Error: Node could not be removed. It has not been added previously.';
          throw new RpcError(RpcCode.CLIENT_NODE_NOT_ADDED, message);
        }
      } else {
        throw new RpcError(RpcCode.MISC_ERROR, methodHelp(context.methods.get('addnode')!));
      }
      return null;
    },
  }),
  method({
    name: 'disconnectnode',
    category: 'Network',
    description: 'Disconnects a peer, given by either its address or its id.',
    arguments: [
      optional(textArgument('address', NODE)),
      optional(int64Argument('nodeid', "The peer's id, as in getpeerinfo.")),
    ],
    result: 'null',
    example: '"127.0.0.1:3001"',
    handler: (context, address, id) => {
      const { connections: peers } = context.node;
      if (id === undefined ? address === undefined : address !== undefined && address !== '') {
        throw new RpcError(RpcCode.INVALID_PARAMS, 'Only one of address and nodeid should be provided.');
      }
      const target = id === undefined ? tryEndpoint(context, address!) : peers.peers().find((peer) => peer.id === id);
      if (!target || !peers.disconnect(target)) {
        throw new RpcError(RpcCode.CLIENT_NODE_NOT_CONNECTED, 'Node not found in connected nodes');
      }
      return null;
    },
  }),
  method({
    name: 'getaddednodeinfo',
    category: 'Network',
    description:
      'Returns the nodes added with addnode, and whether they are connected. Nodes of onetry are not listed.',
    arguments: [optional(textArgument('node', 'Only this node.'), undefined, 'all nodes')],
    result:
      '[{ "addednode": text, "connected": bool, "addresses": [{ "address": text, "connected": "outbound" }] }, ...]',
    handler: (context, text) => {
      const { connections: peers } = context.node;
      const wanted = text === undefined ? undefined : tryEndpoint(context, text);
      const added = peers.addedNodes();
      const shown =
        text === undefined
          ? added
          : added.filter((endpoint) => wanted && formatEndpoint(endpoint) === formatEndpoint(wanted));
      if (text !== undefined && shown.length === 0) {
        throw new RpcError(RpcCode.CLIENT_NODE_NOT_ADDED, 'Error: Node has not been added.');
      }
      return shown.map((endpoint) => addedNodeJson(peers, endpoint));
    },
  }),
  method({
    name: 'ping',
    category: 'Network',
    description: 'Sends a ping to every peer. getpeerinfo returns the round-trip times as pingtime.',
    arguments: [],
    result: 'null',
    handler: ({ node: { connections: peers } }) => {
      for (const peer of peers.peers()) peer.keepAlive.request();
      return null;
    },
  }),
  method({
    name: 'setnetworkactive',
    category: 'Network',
    description: 'Enables or disables all P2P network activity.',
    arguments: [booleanArgument('state', 'true to enable networking, false to disable it.')],
    result: 'bool',
    example: 'true',
    handler: ({ node: { connections: peers } }, state) => {
      peers.setNetworkActive(state);
      return peers.networkActive;
    },
  }),
];

function networkJson(name: string): JsonObject {
  const reachable = name === 'ipv4' || name === 'ipv6';
  return { name, limited: !reachable, reachable, proxy: '', proxy_randomize_credentials: false };
}

function peerJson(peer: PeerInfo): JsonObject {
  return {
    id: peer.id,
    addr: formatEndpoint(peer.remote),
    addrbind: peer.local && formatEndpoint(peer.local),
    addrlocal: peer.seenAs && formatEndpoint(peer.seenAs),
    network: networkOf(peer.remote),
    services: hex64(peer.services),
    servicesnames: serviceNames(peer.services),
    relaytxes: peer.relaysTransactions,
    last_inv_sequence: peer.lastInvSequence,
    inv_to_send: peer.invToSend,
    lastsend: peer.lastSend,
    lastrecv: peer.lastReceive,
    last_transaction: peer.lastTxTime,
    last_block: peer.lastBlockTime,
    bytessent: peer.bytesSent,
    bytesrecv: peer.bytesReceived,
    conntime: peer.connectedAt,
    timeoffset: peer.timeOffset,
    pingtime: peer.ping,
    minping: peer.minPing,
    pingwait: peer.pingWait,
    version: peer.protocolVersion,
    subver: peer.userAgent,
    inbound: peer.inbound,
    bip152_hb_to: peer.highBandwidthTo,
    bip152_hb_from: peer.highBandwidthFrom,
    startingheight: peer.startHeight,
    presynced_headers: peer.presyncedHeaders,
    synced_headers: peer.syncedHeaders,
    synced_blocks: peer.syncedBlocks,
    inflight: peer.inFlight,
    addr_relay_enabled: peer.addressRelay,
    addr_processed: peer.addressesProcessed,
    addr_rate_limited: peer.addressesRateLimited,
    permissions: [],
    minfeefilter: amountJson(peer.minFeeFilter),
    bytessent_per_msg: sortedJson(peer.sentPerCommand),
    bytesrecv_per_msg: sortedJson(peer.receivedPerCommand),
    connection_type: peer.connectionType,
    transport_protocol_type: peer.transport,
    session_id: peer.sessionId ? toHex(peer.sessionId) : '',
  };
}

function addedNodeJson(peers: ConnectionManager, endpoint: Endpoint): JsonObject {
  const address = formatEndpoint(endpoint);
  const peer = peers.peers().find(({ remote }) => formatEndpoint(remote) === address);
  return {
    addednode: address,
    connected: peer !== undefined,
    addresses: peer ? [{ address, connected: peer.inbound ? 'inbound' : 'outbound' }] : [],
  };
}

/** Returns the network of an address (Core: GetNetClass). */
function networkOf(endpoint: Endpoint): string {
  return reachOf(endpoint.host) < 2 ? 'not_publicly_routable' : addressFamily(endpoint);
}

function sortedJson(counts: ReadonlyMap<string, number>): JsonObject {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hex64(bits: bigint): string {
  return bits.toString(16).padStart(16, '0');
}

function endpointArgument({ node: { params } }: RpcContext<AnyRpcNode>, text: string): Endpoint {
  try {
    return parseEndpoint(text, params.defaultPort);
  } catch (error) {
    if (!(error instanceof PierError)) throw error;
    throw new RpcError(RpcCode.CLIENT_INVALID_IP_OR_SUBNET, error.message, { cause: error });
  }
}

/** Parses an address; undefined if it is malformed, which then matches no node. */
function tryEndpoint(context: RpcContext<AnyRpcNode>, text: string): Endpoint | undefined {
  try {
    return endpointArgument(context, text);
  } catch {
    return undefined;
  }
}
