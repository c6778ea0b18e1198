/**
 * The layers of src/ and their sub-layers, lowest first. A folder may import itself and the folders before it. Files
 * directly in a layer are above its sub-layers. `page`: the layer, or these folders of it, also runs in a browser, except
 * its folders and files in `node`. Nothing of a page may import what is not for pages.
 */
module.exports = [
  { name: 'platform', page: true },
  { name: 'bytes', page: true },
  { name: 'crypto', page: true },
  { name: 'primitives', page: true },
  { name: 'script', page: true },
  { name: 'consensus', page: true },
  { name: 'proofs', page: true },
  { name: 'store', page: true, node: ['lmdb', 'index.ts'] },
  {
    name: 'chain',
    page: true,
    node: ['scripts/script-worker.ts'],
    sublayers: ['tree', 'records', 'utxo', 'filters', 'storage', 'scripts', 'connect'],
  },
  { name: 'mempool', page: true },
  { name: 'mining', page: true, node: ['search-worker.ts'] },
  {
    name: 'p2p',
    page: true,
    node: ['transport/tcp-transport.ts', 'index.ts'],
    sublayers: [
      'net',
      'wire',
      'transport',
      'peer',
      'addresses',
      'blocks',
      'transactions',
      'serve',
      'processing',
      'connections',
    ],
  },
  { name: 'spv', page: true },
  { name: 'wallet', page: true },
  { name: 'node', page: ['composition'], sublayers: ['composition'] },
  {
    name: 'api',
    page: true,
    node: ['rpc', 'client', 'index.ts'],
    sublayers: ['json', 'work', 'format', 'arguments', 'method', 'methods', 'rpc', 'client'],
  },
  { name: 'commands' },
  { name: 'testing', page: true },
  {
    name: 'devnet',
    page: ['topology', 'accounts', 'nodes', 'network'],
    node: [
      'topology/read-topology.ts',
      'nodes/system',
      'network/create-network.ts',
      'network/network-fixture.ts',
      'network/state/state-file.ts',
    ],
    sublayers: ['topology', 'accounts', 'processes', 'nodes', 'network', 'scenario'],
  },
  {
    name: 'control',
    page: true,
    node: [
      'server/control-server.ts',
      'server/network-control.ts',
      'protocol/socket-channel.ts',
      'client/connect.ts',
      'control-record.ts',
      'index.ts',
    ],
    sublayers: ['protocol', 'server', 'client'],
  },
  { name: 'browser', page: true },
  { name: 'vitest' },
  { name: 'cli' },
];
