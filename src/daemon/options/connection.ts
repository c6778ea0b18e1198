import { debugOnly, ignored, networkOnly, option, refused } from './define.ts';

const NO_PROXY = 'the node connects to IPv4 and IPv6 addresses, without a proxy';
const NO_BUFFER = 'buffers have limits of their own';

/** Core's `Connection options`. */
export const connectionOptions = [
  option('addnode=<ip>', 'A node to stay connected to (may be given more than once)', networkOnly),
  option('asmap=<file>', 'A map of autonomous systems', refused('netgroups are those of addresses', '0')),
  option(
    'bantime=<n>',
    'Seconds of a ban without a time of its own',
    refused('a ban without a time of its own lasts a day'),
  ),
  option('bind=<addr>[:<port>][=onion]', 'An address to accept peers on (may be given more than once)', networkOnly),
  option('cjdnsreachable', 'Whether the node is in a CJDNS network', refused(NO_PROXY, '0')),
  option('connect=<ip>', 'Connect to these nodes only; 0: to none (may be given more than once)', networkOnly),
  option('discover', "Find the node's own addresses", ignored('the node announces no address of its own')),
  option('dns', 'Look up names of -addnode, -seednode and -connect (default: 1)', ignored('the system looks up names')),
  option('dnsseed', 'Ask DNS seeds for addresses', ignored('the node asks no DNS seeds')),
  option('externalip=<ip>', "The node's public address", ignored('the node announces no address of its own')),
  option('fixedseeds', 'Use built-in addresses', ignored('there are none')),
  option('forcednsseed', 'Ask DNS seeds even with addresses', refused('the node asks no DNS seeds', '0')),
  option('i2pacceptincoming', 'Accept peers by I2P', ignored(NO_PROXY)),
  option('i2psam=<ip:port>', 'The I2P proxy', refused(NO_PROXY, '0')),
  option('listen', 'Accept peers (default: 1, or 0 with -connect or -maxconnections=0)'),
  option('listenonion', 'Make an onion service', ignored(NO_PROXY)),
  option('maxconnections=<n>', 'Connections at most, without those to added nodes (default: 125)'),
  option('maxreceivebuffer=<n>', "Kilobytes of a connection's receive buffer", ignored(NO_BUFFER)),
  option('maxsendbuffer=<n>', "Kilobytes of a connection's send buffer", ignored(NO_BUFFER)),
  option('maxuploadtarget=<n>', 'Bytes to upload in a day', refused('uploads have no target', '0')),
  option('natpmp', 'Ask the router for a port', ignored('the node opens no port of a router')),
  option('networkactive', 'Whether peers may be connected (default: 1)'),
  option('onion=<ip:port|path>', 'A proxy for onion addresses', refused(NO_PROXY, '0')),
  option('onlynet=<net>', 'Connect to this kind of address only', refused(NO_PROXY)),
  option('peerblockfilters', 'Serve compact block filters, BIP157 (default: 0)'),
  option('peerbloomfilters', 'Serve Bloom filters, BIP37 (default: 0)'),
  option('peertimeout=<n>', 'Seconds that a handshake and an answer may take', {
    ...debugOnly,
    ...refused('timeouts are fixed'),
  }),
  option(
    'port=<port>',
    'The port to accept peers on (default: 8333, testnet3: 18333, testnet4: 48333, signet: 38333, regtest: 18444)',
    networkOnly,
  ),
  option('proxy=<ip>[:<port>]', 'A proxy for connections', { ...refused(NO_PROXY, '0'), needsValue: true }),
  option('proxyrandomize', 'A new circuit of the proxy for each connection', ignored(NO_PROXY)),
  option(
    'seednode=<ip>',
    'A node to learn addresses from (may be given more than once)',
    refused('the node learns addresses from the nodes of -addnode and -connect'),
  ),
  option('timeout=<n>', 'Milliseconds that a connection attempt may take', refused('timeouts are fixed')),
  option('torcontrol=<ip>:<port>', 'The control port of Tor', ignored(NO_PROXY)),
  option('torpassword=<pass>', 'The password of the control port of Tor', ignored(NO_PROXY)),
  option('txreconciliation', 'Reconcile transactions, BIP330', {
    ...debugOnly,
    ...ignored('peers are not offered it'),
  }),
  option('v2transport', 'Offer encrypted connections, BIP324 (default: 1)'),
  option(
    'whitebind=<[permissions@]addr>',
    'An address to accept peers with permissions on',
    refused('peers have no permissions'),
  ),
  option(
    'whitelist=<[permissions@]IP address or network>',
    'Permissions of peers of an address or network',
    refused('peers have no permissions'),
  ),
];
