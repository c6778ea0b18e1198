import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import layers from './layers.cjs';

// Checks everything that a web page loads with the layers for pages, including their indirect imports: nothing
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

try {
  const pageLayers = layers.filter(({ page }) => page).map(({ name }) => `src/${name}`);
  const graph = join(folder, 'graph.json');
  run('depcruise', '--config', '.dependency-cruiser-page.cjs', '-T', 'json', '-f', graph, ...pageLayers);
  const { modules, summary } = JSON.parse(readFileSync(graph, 'utf8'));
  for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} reaches ${to}`);

  const loaded = new Set(modules.map(({ source }) => source));
  const { output } = run('tsc', '-p', 'tsconfig.page.json', '--pretty', 'false');
  const errors = output.split('\n').filter((line) => loaded.has(/^([^(]+)\(\d/.exec(line)?.[1]));
  for (const line of errors) console.error(line);

  if (loaded.size === 0) throw new Error('no module of the page layers was found');
  if (summary.violations.length + errors.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
