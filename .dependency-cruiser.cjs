const layers = require('./scripts/layers.cjs');

const names = layers.map(({ name }) => name);
const { nodePaths, pagePaths } = require('./scripts/page-paths.cjs');

/** Rules that let each folder import itself and the folders before it. `parent` ends in a slash. */
function noImportsUp(parent, folders, label) {
  return folders.slice(0, -1).map((folder, i) => ({
    name: `${label}${folder}-imports-up`,
    comment: `${parent}${folder}/ is below the folders it may not import; move the shared part down.`,
    severity: 'error',
    from: { path: `^${parent}${folder}/` },
    to: { path: `^${parent}(${folders.slice(i + 1).join('|')})/` },
  }));
}

/** Rules for the sub-layers of one layer. */
function sublayerRules({ name, sublayers }) {
  const parent = `src/${name}/`;
  return [
    ...noImportsUp(parent, sublayers, `${name}-`),
    {
      name: `${name}-sublayer-imports-the-layer`,
      comment: `Files directly in ${parent} are above its sub-layers.`,
      severity: 'error',
      from: { path: `^${parent}[^/]+/` },
      to: { path: `^${parent}[^/]+\\.ts$` },
    },
    {
      name: `${name}-unlisted-folder`,
      comment: `Every folder of ${parent} is a sub-layer and is listed in scripts/layers.cjs.`,
      severity: 'error',
      from: { path: `^${parent}[^/]+/`, pathNot: `^${parent}(${sublayers.join('|')})/` },
      to: {},
    },
  ];
}

module.exports = {
  forbidden: [
    ...noImportsUp('src/', names, ''),
    ...layers.filter(({ sublayers }) => sublayers).flatMap(sublayerRules),
    {
      name: 'connections-know-no-chain',
      comment: 'Connections work with any MessageProcessor; what concerns blocks and transactions belongs there.',
      severity: 'error',
      from: { path: '^src/p2p/connections/' },
      to: { path: '^src/(chain|mempool|p2p/(blocks|transactions|serve))/' },
    },
    {
      name: 'testing-is-for-tests',
      comment: 'Virtual clocks and memory links are for tests, and for networks that live in one process.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(testing|devnet)/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'entries-are-for-users',
      comment: "A layer's index.ts is what the package exports; inside, import the file that declares the name.",
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+/index\\.ts$' },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'unlisted-folder',
      comment: 'Every folder under src/ is a layer and is listed in scripts/layers.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/((${names.join('|')})/|index\\.ts$)` },
      to: {},
    },
    {
      name: 'browser-safe',
      comment: 'These layers run in a page: reach Node through process.getBuiltinModule at run time.',
      severity: 'error',
      from: { path: pagePaths, pathNot: nodePaths },
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
