import { spawnSync } from 'node:child_process';
import layers from './layers.cjs';

// What a page would load with the layers that are for it, through whatever layers that leads.

const folders = layers.filter(({ page }) => page).map(({ name }) => `src/${name}`);
const args = ['depcruise', '--config', '.dependency-cruiser-page.cjs', ...folders];
const { status } = spawnSync('npx', ['--no-install', ...args], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
