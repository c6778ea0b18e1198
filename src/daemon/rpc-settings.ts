import { parseRpcAuth, type RpcUser, type RpcUserOptions, rpcUser } from '../api/rpc/rpc-users.ts';
import { toHex } from '../bytes/hex.ts';
import { type Endpoint, parseEndpoint } from '../p2p/net/endpoint.ts';
import { isInSubnet, parseSubnet, type Subnet } from '../p2p/net/subnet.ts';
import { systemRandom } from '../platform/random.ts';
import { OptionError } from './arguments/option-error.ts';
import type { Settings } from './arguments/settings.ts';

const LOOPBACK = '127.0.0.1';
/** Networks whose clients may always call (Core: InitHTTPAllowList). */
const LOCAL: readonly Subnet[] = ['127.0.0.0/8', '::1/128'].map((text) => parseSubnet(text)!);
const COOKIE_MODES: ReadonlyMap<string, number> = new Map([
  ['owner', 0o600],
  ['group', 0o640],
  ['all', 0o644],
]);
/** bitcoind's last words on an RPC server that does not start; the reason is in its log, here before it. */
const NO_SERVER = 'Unable to start HTTP server. See debug log for details.';

/** How a daemon accepts calls. */
export interface DaemonRpc extends Endpoint {
  readonly moreEndpoints: readonly Endpoint[];
  readonly allows: (address: string) => boolean;
  readonly users: RpcUserOptions;
  readonly hasCookie: boolean;
  readonly cookieMode: number;
}

/** Returns how calls are accepted. Throws `OptionError`, with Bitcoin Core's text where Core has one. */
export function rpcSettings(settings: Settings, port: number): DaemonRpc {
  const [first, ...moreEndpoints] = endpoints(settings, port);
  const allowed = settings.list('rpcallowip').map(allowedNetwork);
  const cookieMode = COOKIE_MODES.get(settings.text('rpccookieperms') ?? 'owner');
  if (cookieMode === undefined) {
    const text = settings.text('rpccookieperms');
    throw new OptionError(`Invalid -rpccookieperms=${text}; must be one of 'owner', 'group', or 'all'.`);
  }
  return {
    ...first!,
    moreEndpoints,
    allows: (address) => [...LOCAL, ...allowed].some((network) => isInSubnet(address, network)),
    users: users(settings),
    // The password takes the place of the cookie.
    hasCookie: (settings.text('rpcpassword') ?? '') === '' && !settings.isNegated('rpccookiefile'),
    cookieMode,
  };
}

/** Returns the endpoints to bind: those of `-rpcbind` only with `-rpcallowip`, otherwise that of this machine. */
function endpoints(settings: Settings, port: number): Endpoint[] {
  const binds = settings.list('rpcbind');
  if (binds.length === 0 || settings.list('rpcallowip').length === 0) return [{ host: LOOPBACK, port }];
  return binds.map((text) => {
    try {
      return parseEndpoint(text, port);
    } catch {
      throw new OptionError(`Invalid -rpcbind address '${text}'. ${NO_SERVER}`);
    }
  });
}

function allowedNetwork(text: string): Subnet {
  const network = parseSubnet(text);
  if (network) return network;
  throw new OptionError(
    `Invalid -rpcallowip subnet specification: ${text}. Valid values are a single IP (e.g. 1.2.3.4), a network/netmask ` +
      '(e.g. 1.2.3.4/255.255.255.0), a network/CIDR (e.g. 1.2.3.4/24), all ipv4 (0.0.0.0/0), or all ipv6 (::/0). ' +
      'RFC4193 is allowed only if -cjdnsreachable=0.',
  );
}

function users(settings: Settings): RpcUserOptions {
  const list: RpcUser[] = [];
  const password = settings.text('rpcpassword') ?? '';
  if (password !== '') {
    list.push(rpcUser(settings.text('rpcuser') ?? '', password, toHex(systemRandom.bytes(16))));
  }
  for (const text of settings.list('rpcauth')) {
    const user = parseRpcAuth(text);
    if (!user) throw new OptionError(`Invalid -rpcauth argument. ${NO_SERVER}`);
    list.push(user);
  }
  const lists = settings.list('rpcwhitelist');
  const allowed = new Map<string, ReadonlySet<string>>();
  for (const text of lists) {
    const colon = text.indexOf(':');
    const name = colon === -1 ? text : text.slice(0, colon);
    const methods = colon === -1 ? [] : text.slice(colon + 1).split(/[,\s]+/);
    const before = allowed.get(name);
    // Of several lists of a user, only what is in each is allowed.
    allowed.set(name, new Set(before ? methods.filter((method) => before.has(method)) : methods));
  }
  return { users: list, allowed, allowsListedOnly: settings.bool('rpcwhitelistdefault', lists.length > 0) };
}
