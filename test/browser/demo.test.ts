import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';
import { StaticFiles } from '../support/static-files.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Milliseconds for what a busy machine does. */
const TIMEOUT = 240_000;

describeChromium('the page without a server', () => {
  const folder = tempDir('demo');
  let files: StaticFiles;
  let live: LivePage;

  beforeAll(async () => {
    await build({ configFile: 'vite.demo.config.ts', logLevel: 'error', build: { outDir: folder } });
    files = await StaticFiles.serve(folder);
    live = await LivePage.open(files.url);
    live.page.setDefaultTimeout(90_000);
  }, TIMEOUT);
  afterAll(async () => {
    await live?.close();
    await files?.close();
  });

  const lesson = () => live.page.locator('.lesson');
  const play = async (id: string, steps: number) => {
    const { page } = live;
    await page.evaluate((to) => {
      location.hash = to;
    }, `#/lesson/${id}`);
    for (let number = 1; number <= steps; number++) {
      await lesson().getByRole('button', { name: 'Do it', exact: true }).click();
      await lesson().locator(`.lesson-steps li:nth-child(${number}) button[data-state=done]`).waitFor();
      if (number < steps) await lesson().getByRole('button', { name: 'Next', exact: true }).click();
    }
    await lesson().getByText('The lesson is over.').waitFor();
  };

  it('has a network of its own, and says what it lacks', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    for (const name of ['central', 'wallet', 'miner', 'light']) {
      await page.locator('button.node', { hasText: name }).first().waitFor();
    }
    await page.getByText('What a tab cannot do').waitFor();
    // There is no terminal that reaches it.
    const mine = page.locator('form.action', { has: page.getByRole('button', { name: 'Mine blocks', exact: true }) });
    expect(await mine.locator('code').allTextContents()).toEqual(['await network.mine(1)']);
    expect(await live.violations()).toEqual([]);
  });

  it('gets one more node', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    const add = page.locator('form.action', { has: page.getByRole('button', { name: 'Add a node', exact: true }) });
    await add.getByLabel('name').fill('late');
    await add.getByRole('button').click();
    await add
      .getByRole('status')
      .getByText(/The new node is late, at height \d+\./)
      .waitFor();
    const [height] = /\d+/.exec((await add.getByRole('status').textContent())!)!;
    await page.locator('button.node', { hasText: 'late' }).getByText(height).waitFor();
  });

  it('plays the nine steps, and a fork and its healing, without any connection', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    await page.getByText('What a tab cannot do').waitFor();
    await page.context().setOffline(true);
    await files.close();
    await play('nine-steps', 10);
    await play('fork', 8);
    // What is loaded on demand is there, too: every view that has a button.
    await lesson().getByRole('button', { name: 'Leave', exact: true }).click();
    const places = page.getByRole('navigation', { name: 'Views' }).getByRole('button');
    for (const place of await places.all()) {
      await place.click();
      await page.locator('.inspector, .lesson').getByRole('heading').first().waitFor();
    }
    expect(live.errors).toEqual([]);
  });

  it('loads the network after the page, and has the licenses of what it holds', () => {
    const sizeOf = (pattern: RegExp) =>
      readdirSync(join(folder, 'assets'))
        .filter((name) => pattern.test(name))
        .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, 'assets', name))).length, 0);
    const document = readFileSync(join(folder, 'index.html'), 'utf8');
    const first = [...document.matchAll(/assets\/([^"]+\.js)/g)].map(([, name]) => name!);
    expect(first.length).toBeGreaterThan(0);
    const size = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, 'assets', name))).length, 0);
    expect(size).toBeLessThan(250_000);
    expect(document).not.toContain('tab-worker');
    expect(sizeOf(/^tab-worker.*\.js$/)).toBeGreaterThan(100_000);
    expect(readFileSync(join(folder, 'LICENSES.txt'), 'utf8')).toContain('solid-js');
  });
});
