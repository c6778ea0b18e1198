import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Runs the scenario and the tests of the layers without a network on the newest Node.js, which npm's registry has as a
// package of one program. Needs the built package. PIER_NEWEST_NODE is another version than `latest`, such as 26.

const LAYERS = ['bytes', 'primitives', 'script', 'consensus', 'crypto', 'proofs', 'store', 'wallet'];

const os = process.platform === 'win32' ? 'win' : process.platform;
const name = `node-${os}-${process.arch}`;
const folder = mkdtempSync(join(tmpdir(), 'pier-newest-node-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a program and returns its stdout, if piped. Ends this process if the program fails. */
function run(program, args, { output = 'pipe', shell = false } = {}) {
  const { status, signal, error, stdout } = spawnSync(program, args, {
    stdio: ['ignore', output, 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    shell,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? (signal === null ? `exit code ${status}` : signal);
  console.error(`${program} ${args.join(' ')} failed on the newest Node.js: ${reason}`);
  process.exit(1);
}

const newest = `${name}@${process.env.PIER_NEWEST_NODE ?? 'latest'}`;
run('npm', ['install', '--no-save', '--loglevel=error', '--fetch-retries=5', '--prefix', folder, newest], {
  shell: process.platform === 'win32',
});
const node = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const { verified, steps } = JSON.parse(run(node, ['bin/pier.js', 'scenario', '--json']));
console.log(`Node.js ${run(node, ['--version']).trim()}: scenario with ${steps.length} steps, verified: ${verified}`);
if (verified !== true) process.exit(1);
const tests = LAYERS.map((layer) => `test/${layer}/`);
run(node, ['node_modules/vitest/vitest.mjs', 'run', ...tests], { output: 'inherit' });
