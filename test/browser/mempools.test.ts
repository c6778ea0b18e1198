import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PAGE_FOLDER } from '../../src/node/page-folder.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

it('the scripts that the page loads at first have less than 250 kB, compressed', () => {
  const html = readFileSync(join(PAGE_FOLDER, 'index.html'), 'utf8');
  const loaded = new Set([...html.matchAll(/(?:src|href)="\/?(assets\/[^"]+\.js)"/g)].map(([, path]) => path!));
  expect(loaded.size).toBeGreaterThan(0);
  // A set's iteration reaches the modules that are added meanwhile: those that a script imports before it runs.
  for (const path of loaded) {
    const text = readFileSync(join(PAGE_FOLDER, path), 'utf8');
    for (const [, file] of text.matchAll(/(?:import|from)\s*["']\.\/([^"']+\.js)["']/g)) loaded.add(`assets/${file}`);
  }
  const bytes = [...loaded].reduce((sum, path) => sum + gzipSync(readFileSync(join(PAGE_FOLDER, path))).length, 0);
  expect(bytes).toBeLessThan(250_000);
});

describeChromium('the views of mempools and mining', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({ nodes: 3, accounts: 2 });
    // It is there before the page is.
    await network.accounts[0]!.pay(network.accounts[1]!, '0.5');
    control = await NetworkControl.start(network, { name: 'views', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    expect(live?.errors).toEqual([]);
    await live?.close();
    await control?.close();
    await network?.close();
  });

  it('paints soon', async () => {
    const entry = await live.page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    );
    const paint = await entry.jsonValue();
    // Below a second on a machine that does nothing else: `npm run bench -- page` measures it.
    expect(paint).toBeLessThan(10_000);
  });

  it('show the next block of each mempool, and which node knows which transaction', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.getByRole('button', { name: 'Mempools', exact: true }).click();
    expect(page.url()).toContain('#/mempools');
    await page.getByRole('heading', { name: 'node1, node2, node3' }).waitFor();
    await page.getByText(/^1 transactions, \d+ vB$/).waitFor();
    await network.partition([['node1']]);
    const payment = await network.accounts[1]!.pay(network.accounts[0]!, '0.25');
    await page.getByText(/^2 transactions, \d+ vB$/).waitFor();
    const row = page.locator('.matrix li', { hasText: payment.txid.slice(0, 8) });
    await row.getByText(/^[12] of 3$/).waitFor();
    await row.getByRole('button').hover();
    await page.locator('button.node.lit').first().waitFor();
    await row.getByRole('button').click();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    await page.goBack();
    await network.heal();
    // In the past they are as they were.
    await page.locator('header').getByRole('button', { name: 'Pause' }).click();
    await network.mine();
    await page
      .getByText(/^\d transactions, \d+ vB$/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.locator('.mempools').getByText('Empty.').first().waitFor();
  });

  it('show mining: its mode, miners, blocks and the difficulty', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.getByRole('button', { name: 'Mining', exact: true }).click();
    expect(page.url()).toContain('#/mining');
    const mining = page.locator('.mining');
    await mining.getByRole('combobox').first().selectOption('poisson');
    await mining.getByLabel('number').fill('3600');
    await mining.getByText('pier mining poisson 3600', { exact: true }).waitFor();
    await mining.getByRole('button', { name: 'Set' }).click();
    await page.locator('.about', { hasText: 'every 3600 s on average' }).waitFor();
    expect(network.mining).toEqual({ interval: 3600, poisson: true });
    await mining.getByLabel('to account or address').fill('1');
    await mining.getByText('pier mine 1 --to 1', { exact: true }).waitFor();
    await mining.getByRole('button', { name: 'Mine blocks' }).click();
    await mining.getByRole('status').getByText('Done').waitFor();
    const { height } = await network.node('node1').view();
    await mining.getByRole('rowheader', { name: String(height), exact: true }).waitFor();
    await mining
      .getByText(/last block: \d/)
      .first()
      .waitFor();
    await mining.locator('.chart canvas').waitFor();
    await mining.getByText('The difficulty of this network never changes').waitFor();
  });

  it('are within reach of all in both themes and languages', { timeout: 90_000 }, async () => {
    const { page } = live;
    await network.accounts[0]!.pay(network.accounts[1]!, '0.1');
    for (const view of ['mempools', 'mining']) {
      await page.evaluate((to) => {
        location.hash = `#/${to}`;
      }, view);
      await page.locator(`.${view}`).waitFor();
      for (const theme of ['light', 'dark']) {
        await page.locator('header select').last().selectOption(theme);
        expect(await live.violations()).toEqual([]);
      }
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.locator('header select').first().selectOption('zh');
    }
    await page.getByRole('heading', { name: '挖矿' }).waitFor();
  });
});
