// The layers, lowest first. A folder may import itself and those before it, never those after it.
const layers = [
  'platform',
  'bytes',
  'crypto',
  'primitives',
  'script',
  'consensus',
  'proofs',
  'store',
  'chain',
  'mempool',
  'mining',
  'p2p',
  'spv',
  'wallet',
  'node',
  'api',
  'commands',
  'devnet',
  'sim',
  'cli',
];

const browserSafe = require('./scripts/page-layers.cjs');

module.exports = {
  forbidden: [
    ...layers.slice(0, -1).map((layer, i) => ({
      name: `${layer}-imports-up`,
      comment: `${layer}/ lies below the layers it may not import; move the shared part down.`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(${layers.slice(i + 1).join('|')})/` },
    })),
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unlisted-folder',
      comment: 'Every folder under src/ is a layer and stands in the list above.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/((${layers.join('|')})/|index\\.ts$)` },
      to: {},
    },
    {
      name: 'browser-safe',
      comment: 'These layers run in a page: reach Node through process.getBuiltinModule at run time.',
      severity: 'error',
      from: { path: `^src/(${browserSafe.join('|')})/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
