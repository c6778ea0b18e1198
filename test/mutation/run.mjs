import { spawnSync } from 'node:child_process';
import { suiteNames } from './suites.mjs';

// Runs StrykerJS: `run.mjs [suite] [options of stryker run]`. The default suite is `rules`.

const [first, ...rest] = process.argv.slice(2);
const isOption = first === undefined || first.startsWith('-');
const name = isOption ? 'rules' : first;
const options = isOption ? process.argv.slice(2) : rest;
if (!suiteNames.includes(name)) {
  console.error(`no mutation suite "${name}"; there are ${suiteNames.join(', ')}`);
  process.exit(2);
}
const { status } = spawnSync('stryker', ['run', 'test/mutation/stryker.config.mjs', ...options], {
  stdio: 'inherit',
  env: { ...process.env, PIER_MUTATION_SUITE: name },
});
process.exitCode = status ?? 1;
