/**
 * The layers of src/, lowest first, each with its sub-layers, lowest first. A folder imports itself and the folders before
 * it. Files that stand directly in a layer with sub-layers are above all of these. `page`: also runs in a browser.
 */
module.exports = [
  { name: 'platform', page: true },
  { name: 'bytes', page: true },
  { name: 'crypto', page: true },
  { name: 'primitives', page: true },
  { name: 'script', page: true },
  { name: 'consensus', page: true },
  { name: 'proofs', page: true },
  { name: 'store' },
  { name: 'chain', sublayers: ['tree', 'records', 'utxo', 'filters', 'storage', 'scripts', 'connect'] },
  { name: 'mempool' },
  { name: 'mining' },
  {
    name: 'p2p',
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
  { name: 'wallet' },
  { name: 'node' },
  { name: 'api', sublayers: ['json', 'format', 'arguments', 'method', 'methods', 'rpc', 'client'] },
  { name: 'commands' },
  { name: 'testing' },
  { name: 'devnet' },
  { name: 'cli' },
];
