const { builtinModules } = require('node:module');
const { nodePaths, pagePaths } = require('./scripts/page-paths.cjs');

/** What a page cannot load: Node's own modules, and packages that need them or bring binaries. */
const builtin = `^(node:)?(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$`;
const native = ['lmdb', 'secp256k1', 'tiny-secp256k1', 'pino', 'pino-pretty', 'commander'];
/** Matches Node's modules and these packages. */
const notForPages = (packages) => `${builtin}|node_modules/(${packages.join('|')})/`;

// Read by the layers' second check. What is only a type is gone before a page loads anything, and so is not followed here.
module.exports = {
  forbidden: [
    {
      name: 'reaches-node',
      comment: 'These layers run in a page: nothing that they load may import a part of Node, or a native package.',
      severity: 'error',
      from: { path: pagePaths, pathNot: `${nodePaths}|^src/browser/` },
      to: { path: notForPages(native), reachable: true },
    },
    {
      name: 'bundle-reaches-node',
      comment: 'The bundle for pages holds the WebAssembly of tiny-secp256k1, but nothing else of this kind.',
      severity: 'error',
      from: { path: '^src/browser/' },
      to: { path: notForPages(native.filter((name) => name !== 'tiny-secp256k1')), reachable: true },
    },
  ],
  options: {
    tsPreCompilationDeps: false,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
