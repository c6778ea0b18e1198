import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { untilFinished } from '../../src/devnet/finished.ts';
import { chromium, requireOracles } from './oracles.ts';
import { tempDir } from './temp-dir.ts';

/** `describe`, skipped with one line that says so where there is no Chromium (failed where oracles are required). */
export function describeChromium(name: string, body: () => void): void {
  if (chromium !== undefined) {
    describe(name, body);
  } else if (requireOracles) {
    describe(name, () => {
      it('needs chromium', () => {
        throw new Error('chromium is absent (PIER_CHROMIUM names its program), and PIER_REQUIRE_ORACLES=1');
      });
    });
  } else {
    describe.skip(`${name} (skipped: chromium is absent)`, () => it('is skipped', () => {}));
  }
}

/** A process of no user's: it asks nobody for updates, and knows no one's settings. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--metrics-recording-only',
  '--host-resolver-rules=MAP * ~NOTFOUND',
];

/** The document that a page has become when its scripts have run. */
export async function renderPage(html: string): Promise<string> {
  const folder = tempDir('page');
  const file = join(folder, 'index.html');
  writeFileSync(file, html);
  const child = spawn(
    chromium ?? '',
    [...flags, `--user-data-dir=${join(folder, 'profile')}`, '--dump-dom', pathToFileURL(file).href],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000, killSignal: 'SIGKILL' },
  );
  const { code, stdout, stderr } = await untilFinished(child);
  if (code !== 0) throw new Error(`chromium ended with ${code}: ${stderr}`);
  return stdout;
}
