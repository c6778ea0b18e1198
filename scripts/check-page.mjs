import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pagePaths from './page-paths.cjs';

// Checks everything that a web page loads with the layers for pages, including their indirect imports: nothing of
// it imports a part of Node or a native package, and it type-checks without Node's types.

const folder = mkdtempSync(join(tmpdir(), 'pier-page-'));

/** Runs a command of node_modules; returns its exit code and what it printed. */
function run(...args) {
  const { status, stdout } = spawnSync('npx', ['--no-install', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return { status, output: stdout };
}

/** Returns the paths of the files in src/ that a page loads: those of its layers, and what they import. */
function loadedFiles(modules) {
  const importsOf = new Map(modules.map(({ source, dependencies }) => [source, dependencies]));
  const [isPage, isNode] = [new RegExp(pagePaths.pagePaths), new RegExp(pagePaths.nodePaths)];
  const loaded = new Set([...importsOf.keys()].filter((path) => isPage.test(path) && !isNode.test(path)));
  // A set's iteration reaches what is added meanwhile.
  for (const path of loaded) {
    for (const { resolved } of importsOf.get(path) ?? []) if (resolved.startsWith('src/')) loaded.add(resolved);
  }
  return loaded;
}

try {
  const graph = join(folder, 'graph.json');
  run('depcruise', '--config', '.dependency-cruiser-page.cjs', '-T', 'json', '-f', graph, ...pagePaths.pageFolders);
  const { modules, summary } = JSON.parse(readFileSync(graph, 'utf8'));
  for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} reaches ${to}`);

  const loaded = loadedFiles(modules);
  const project = join(folder, 'tsconfig.json');
  const files = [...loaded].map((path) => resolve(path));
  writeFileSync(project, JSON.stringify({ extends: resolve('tsconfig.page.json'), files }));
  const { output } = run('tsc', '-p', project, '--pretty', 'false');
  // Types may come from files that a page does not load.
  const errors = output.split('\n').filter((line) => loaded.has(/(src\/[^(]+)\(\d/.exec(line)?.[1]));
  for (const line of errors) console.error(line);

  if (loaded.size === 0) throw new Error('no module of the page layers was found');
  if (summary.violations.length + errors.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
