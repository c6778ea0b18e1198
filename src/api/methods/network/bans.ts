import { DEFAULT_BAN_TIME } from '../../../p2p/addresses/ban-list.ts';
import { isValidIp } from '../../../p2p/net/endpoint.ts';
import { formatIp } from '../../../p2p/net/ip-address.ts';
import { formatSubnet, parseSubnet } from '../../../p2p/net/subnet.ts';
import { unixSeconds } from '../../../platform/clock.ts';
import { booleanArgument, int64Argument, optional, textArgument } from '../../arguments/arguments.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { methodHelp } from '../../method/help.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** Methods for the ban list. */
export const banMethods: readonly Method<AnyRpcNode>[] = [
  method({
    name: 'setban',
    category: 'Network',
    description:
      'Adds an IP address or subnet to the ban list, or removes it. Peers that become banned are disconnected.',
    arguments: [
      textArgument('subnet', 'The IP address or subnet, such as 192.168.0.0/24.'),
      textArgument('command', '"add" or "remove".'),
      optional(
        int64Argument('bantime', 'Seconds to ban for, or the end of the ban if absolute is set; 0 for 24 hours.'),
        0,
      ),
      optional(booleanArgument('absolute', 'Whether bantime is an absolute timestamp in UNIX epoch time.'), false),
    ],
    result: 'null',
    example: '"192.168.0.6" "add" 86400',
    handler: ({ node: { connections, clock }, methods }, text, command, banTime, isAbsolute) => {
      if (command !== 'add' && command !== 'remove') {
        throw new RpcError(RpcCode.MISC_ERROR, methodHelp(methods.get('setban')!));
      }
      const subnet = parseSubnet(text);
      const isRange = text.includes('/');
      const host = subnet && formatIp(subnet.network);
      if (!host || (!isRange && !isValidIp(host))) {
        throw new RpcError(RpcCode.CLIENT_INVALID_IP_OR_SUBNET, 'Error: Invalid IP/Subnet');
      }
      if (command === 'remove') {
        if (connections.bans.remove(subnet)) return null;
        const message = 'Error: Unban failed. Requested address/subnet was not previously manually banned.';
        throw new RpcError(RpcCode.CLIENT_INVALID_IP_OR_SUBNET, message);
      }
      if (isRange ? connections.bans.hasSubnet(subnet) : connections.bans.has(host)) {
        throw new RpcError(RpcCode.CLIENT_NODE_ALREADY_ADDED, 'Error: IP/Subnet already banned');
      }
      const now = unixSeconds(clock);
      if (isAbsolute && banTime < now) {
        throw new RpcError(RpcCode.INVALID_PARAMETER, 'Error: Absolute timestamp is in the past');
      }
      if (banTime <= 0) connections.ban(subnet, now + DEFAULT_BAN_TIME);
      else connections.ban(subnet, isAbsolute ? banTime : now + banTime);
      return null;
    },
  }),
  method({
    name: 'listbanned',
    category: 'Network',
    description: 'Lists all manually banned IP addresses and subnets.',
    arguments: [],
    result:
      '[{ "address": text, "ban_created": unixtime, "banned_until": unixtime, "ban_duration": seconds,\n' +
      '  "time_remaining": seconds }, ...]',
    handler: ({ node: { connections, clock } }) =>
      connections.bans.entries().map(({ subnet, created, until }) => ({
        address: formatSubnet(subnet),
        ban_created: created,
        banned_until: until,
        ban_duration: until - created,
        time_remaining: until - unixSeconds(clock),
      })),
  }),
  method({
    name: 'clearbanned',
    category: 'Network',
    description: 'Removes all bans.',
    arguments: [],
    result: 'null',
    handler: ({ node: { connections } }) => {
      connections.bans.clear();
      return null;
    },
  }),
];
