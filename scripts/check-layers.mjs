import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pagePaths from './page-paths.cjs';

// Checks the imports of src/: the rules of .dependency-cruiser.cjs, and everything that a web page loads with the layers
// for pages, including their indirect imports: nothing of it imports a part of Node or a native package, and it
// type-checks without Node's types. The imports are read once.

const folder = mkdtempSync(join(tmpdir(), 'pier-layers-'));

/** Runs a program of node_modules with this Node; returns its exit code and what it printed. */
function run(program, ...args) {
  const { status, stdout } = spawnSync(process.execPath, [join('node_modules', program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

const [isPage, isNode] = [new RegExp(pagePaths.pagePaths), new RegExp(pagePaths.nodePaths)];
/** The layers that are bundled with the WebAssembly of tiny-secp256k1 inside. */
const isBundled = (path) => /^src\/(browser|web)\//.test(path);
const isLoadedByPages = (path) => isPage.test(path) && !isNode.test(path);

const builtin = `^(node:)?(${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$`;
/** Packages that need Node's modules or bring binaries. */
const native = ['lmdb', 'secp256k1', 'tiny-secp256k1', 'pino', 'pino-pretty', 'commander', 'ws'];
/** Matches Node's modules and these packages. */
const notForPages = (packages) => new RegExp(`${builtin}|node_modules/(${packages.join('|')})/`);

/** What files may not reach by any chain of imports. */
const rules = [
  {
    name: 'reaches-node',
    isBound: (path) => isLoadedByPages(path) && !isBundled(path),
    forbidden: notForPages(native),
  },
  {
    // The bundles hold this WebAssembly, but nothing else of this kind.
    name: 'bundle-reaches-node',
    isBound: isBundled,
    forbidden: notForPages(native.filter((name) => name !== 'tiny-secp256k1')),
  },
];

/** Returns the modules that `path` loads, directly and indirectly, and itself. */
function reachedFrom(path, importsOf) {
  const reached = new Set([path]);
  // A set's iteration reaches what is added meanwhile.
  for (const each of reached) for (const next of importsOf(each)) reached.add(next);
  return reached;
}

try {
  const graph = join(folder, 'graph.json');
  run(
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ...['--config', '.dependency-cruiser.cjs', '--output-type', 'json', '--output-to', graph, 'src'],
  );
  const { status, output } = run(
    'dependency-cruiser/bin/depcruise-fmt.mjs',
    ...['--exit-code', '--output-type', 'err', graph],
  );
  process.stdout.write(output);

  const { modules } = JSON.parse(readFileSync(graph, 'utf8'));
  const dependenciesOf = new Map(modules.map(({ source, dependencies }) => [source, dependencies]));
  // What is only a type is gone before a page loads anything.
  const imports = (path) =>
    (dependenciesOf.get(path) ?? [])
      .filter(({ dependencyTypes }) => !dependencyTypes.some((type) => /^type-(only|import)$/.test(type)))
      .map(({ resolved }) => resolved);

  const faults = [];
  for (const { name, isBound, forbidden } of rules) {
    for (const path of [...dependenciesOf.keys()].filter(isBound)) {
      for (const to of reachedFrom(path, imports))
        if (forbidden.test(to)) faults.push(`${name}: ${path} reaches ${to}`);
    }
  }

  const loaded = new Set();
  for (const page of [...dependenciesOf.keys()].filter(isLoadedByPages)) {
    for (const path of reachedFrom(page, imports)) if (path.startsWith('src/')) loaded.add(path);
  }
  const project = join(folder, 'tsconfig.json');
  const files = [...loaded].map((path) => resolve(path));
  writeFileSync(project, JSON.stringify({ extends: resolve('tsconfig.page.json'), files }));
  const types = run('@typescript/native/bin/tsc', '-p', project, '--pretty', 'false');
  // Types may come from files that a page does not load.
  faults.push(...types.output.split('\n').filter((line) => loaded.has(/(src\/[^(]+)\(\d/.exec(line)?.[1])));
  for (const fault of faults) console.error(fault);

  if (loaded.size === 0) throw new Error('no module of the page layers was found');
  if (status !== 0 || faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
