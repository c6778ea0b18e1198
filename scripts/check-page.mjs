import { spawnSync } from 'node:child_process';
import layers from './layers.cjs';

// Checks everything that a web page loads with the layers for pages, including their indirect imports.

const folders = layers.filter(({ page }) => page).map(({ name }) => `src/${name}`);
const args = ['depcruise', '--config', '.dependency-cruiser-page.cjs', ...folders];
const { status } = spawnSync('npx', ['--no-install', ...args], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
process.exitCode = status ?? 1;
