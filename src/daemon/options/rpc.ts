import { debugOnly, ignored, networkOnly, option, refused } from './define.ts';

const FIXED = 'the server has limits of its own';

/** Core's `RPC server options`. */
export const rpcOptions = [
  option('rest', 'Serve the REST interface', refused('there is no REST interface', '0')),
  option(
    'rpcallowip=<ip>',
    'Accept calls from an address or network (may be given more than once; default: this machine)',
  ),
  option(
    'rpcauth=<userpw>',
    'A user and the salted hash of a password, <user>:<salt>$<hash> (may be given more than once)',
  ),
  option(
    'rpcbind=<addr>[:port]',
    'An address to accept calls on, with -rpcallowip (may be given more than once; default: 127.0.0.1)',
    networkOnly,
  ),
  option('rpccookiefile=<loc>', "The file of the cookie, relative to the network's folder (default: .cookie)"),
  option('rpccookieperms=<readable-by>', 'Users that may read the cookie: owner, group or all (default: owner)'),
  option('rpcdoccheck', 'Check results of calls', { ...debugOnly, ...ignored('tests check them') }),
  option('rpcpassword=<pw>', 'The password of -rpcuser'),
  option(
    'rpcport=<port>',
    'The port to accept calls on (default: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443)',
    networkOnly,
  ),
  option('rpcservertimeout=<n>', 'Seconds that a request may take', { ...debugOnly, ...ignored(FIXED) }),
  option('rpcthreads=<n>', 'Threads of calls', ignored('calls share the main thread in slices')),
  option('rpcuser=<user>', 'The user of calls'),
  option(
    'rpcwhitelist=<whitelist>',
    'Methods that a user may call, <user>:<method>,<method> (may be given more than once)',
  ),
  option('rpcwhitelistdefault', 'Whether users without a list may call nothing (default: 1 with -rpcwhitelist)'),
  option('rpcworkqueue=<n>', 'Calls that wait at most', { ...debugOnly, ...ignored(FIXED) }),
  option('server', 'Accept calls (default: 1)'),
];
