import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { waitForExit } from '../../src/devnet/processes/process-result.ts';
import { chromium, requireOracles } from './oracles.ts';
import { tempDir } from './temp-dir.ts';

/** `describe`, skipped with a note if Chromium is absent; a failure if PIER_REQUIRE_ORACLES=1. */
export function describeChromium(name: string, body: () => void): void {
  if (chromium !== undefined) {
    describe(name, body);
  } else if (requireOracles) {
    describe(name, () => {
      it('needs chromium', () => {
        throw new Error('chromium is absent, and PIER_REQUIRE_ORACLES=1: set PIER_CHROMIUM to its path');
      });
    });
  } else {
    describe.skip(`${name} (skipped: chromium is absent)`, () => it('is skipped', () => {}));
  }
}

/** No user profile, no update checks, no network access but to this machine. */
export const chromiumFlags: readonly string[] = [
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
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Loads a page in headless Chromium and returns the document after its scripts have run. */
export async function renderPage(html: string): Promise<string> {
  const folder = tempDir('page');
  const file = join(folder, 'index.html');
  writeFileSync(file, html);
  const child = spawn(
    chromium ?? '',
    [...chromiumFlags, `--user-data-dir=${join(folder, 'profile')}`, '--dump-dom', pathToFileURL(file).href],
    // It leaves temporary folders of its own.
    {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000, killSignal: 'SIGKILL' },
      env: { ...process.env, TMPDIR: folder },
    },
  );
  const { code, stdout, stderr } = await waitForExit(child);
  if (code !== 0) throw new Error(`chromium exited with ${code}: ${stderr}`);
  return stdout;
}
