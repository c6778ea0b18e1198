import type { KnownAddress } from '../../../p2p/addresses/known-address.ts';
import type { Endpoint } from '../../../p2p/net/endpoint.ts';
import { formatIp, parseIp } from '../../../p2p/net/ip-address.ts';
import { ServiceFlag } from '../../../p2p/wire/protocol.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import {
  booleanArgument,
  integerArgument,
  optional,
  textArgument,
  unsignedArgument,
} from '../../arguments/arguments.ts';
import { listJson } from '../../format/large-json.ts';
import { JsonNumber } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Names of the networks that addresses belong to (Core: GetNetworkNames); this node reaches ipv4 and ipv6. */
export const networkNames: readonly string[] = ['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns'];

/** Returns the network of an IP address: `ipv4` or `ipv6`. */
export function addressFamily({ host }: Endpoint): string {
  return host.includes(':') ? 'ipv6' : 'ipv4';
}

/** Methods for the address manager. */
export const addressMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'getnodeaddresses',
    category: 'Network',
    description: 'Returns known addresses of nodes, after filtering for quality and recency.',
    arguments: [
      optional(integerArgument('count', 'The maximum number of addresses to return; 0 for all.'), 1),
      optional(textArgument('network', 'Only addresses of this network: ipv4 or ipv6.'), undefined, 'all networks'),
    ],
    result: '[{ "time": unixtime, "services": n, "address": text, "port": n, "network": word }, ...]',
    example: '8',
    handler: ({ node: { connections: peers } }, count, network) => {
      if (count < 0) throw new RpcError(RpcCode.INVALID_PARAMETER, 'Address count out of range');
      if (network !== undefined && !networkNames.includes(network)) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, `Network not recognized: ${network}`);
      }
      const isWanted = ({ endpoint }: KnownAddress) =>
        (network === undefined || addressFamily(endpoint) === network) && !peers.bans.has(endpoint.host);
      const sample = peers.addresses.sample(count === 0 ? peers.addresses.size : count, isWanted);
      return listJson(sample, (address) => ({
        time: address.time,
        services: new JsonNumber(String(address.services)),
        address: address.endpoint.host,
        port: address.endpoint.port,
        network: addressFamily(address.endpoint),
      }));
    },
  }),
  method({
    name: 'getaddrmaninfo',
    category: 'Network',
    description: "Returns the number of addresses in the address manager's new and tried tables, by network.",
    arguments: [],
    result: '{ "ipv4": { "new": n, "tried": n, "total": n }, ..., "all_networks": {...} }',
    handler: ({ node: { connections: peers } }) => {
      const names = [...networkNames, 'all_networks'];
      const counts = new Map(names.map((name) => [name, { new: 0, tried: 0, total: 0 }]));
      for (const { endpoint, tried } of peers.addresses.entries()) {
        for (const name of [addressFamily(endpoint), 'all_networks']) {
          const count = counts.get(name)!;
          count[tried ? 'tried' : 'new']++;
          count.total++;
        }
      }
      return Object.fromEntries(counts);
    },
  }),
  method({
    name: 'addpeeraddress',
    category: 'Network',
    description: 'Adds the address of a potential peer to the address manager. For testing only.',
    arguments: [
      textArgument('address', 'The IP address of the peer.'),
      unsignedArgument('port', 'The port of the peer.'),
      optional(booleanArgument('tried', 'Whether to add the address to the tried table.'), false),
    ],
    result: '{ "success": bool, "error": text }',
    example: '"1.2.3.4" 8333 true',
    handler: ({ node: { connections: peers, clock } }, text, port, tried) => {
      if (port > 65_535) throw new RpcError(RpcCode.MISC_ERROR, 'JSON integer out of range');
      const ip = parseIp(text);
      if (!ip) return { success: false };
      const endpoint = { host: formatIp(ip), port };
      const news = { endpoint, services: ServiceFlag.NETWORK | ServiceFlag.WITNESS, time: unixSeconds(clock) };
      if (!peers.addresses.add(news, endpoint)) return { error: 'failed-adding-to-new', success: false };
      if (tried && !peers.addresses.good(endpoint)) return { error: 'failed-adding-to-tried', success: false };
      return { success: true };
    },
  }),
];
