import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PAGE_FOLDER } from '../../src/node/page-folder.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('a node that is added, in the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    expect(existsSync(PAGE_FOLDER), '`npm run build` makes the page').toBe(true);
    network = await createNetwork({ nodes: [{ name: 'hub', role: 'central' }, { name: 'shop' }], accounts: 2 });
    control = await NetworkControl.start(network, { name: 'growing', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  it('stands on the stage and in the table, with its chain and its messages', { timeout: 120_000 }, async () => {
    const { page } = live;
    const { height } = await network.node('hub').view();
    const label = (name: string) => page.locator('button.node', { hasText: name });
    await label('hub').getByText(String(height)).waitFor();
    const form = page.locator('form.action', { has: page.getByRole('button', { name: 'Add a node', exact: true }) });
    await form.getByLabel('role').selectOption('miner');
    await form.getByLabel('name').fill('pool');
    await form.getByLabel('linked to').selectOption('shop');
    expect(await form.locator('code').allTextContents()).toEqual([
      'pier add pool --role miner --link shop',
      "await network.addNode({ role: 'miner', name: 'pool', links: ['shop'] })",
    ]);
    await form.getByRole('button').click();
    await form.getByRole('status').getByText(`The new node is pool, at height ${height}.`).waitFor();
    await label('pool').getByText('miner').waitFor();
    await label('pool').getByText(String(height)).waitFor();
    await page
      .locator('.nodes tr', { hasText: 'pool' })
      .getByRole('cell', { name: String(height), exact: true })
      .waitFor();
    // Other forms know it, and it mines.
    const mine = page.locator('form.action', { has: page.getByRole('button', { name: 'Mine blocks', exact: true }) });
    await mine.getByLabel('by node').selectOption('pool');
    await mine.getByRole('button').click();
    for (const name of ['hub', 'shop', 'pool'])
      await label(name)
        .getByText(String(height + 1))
        .waitFor();
    // What the network refuses is said, and the next one gets a name of its own from the line of commands.
    await form.getByRole('button').click();
    await form.getByRole('status').getByText("'pool' already").waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('add light');
    await page.keyboard.press('Enter');
    await label('node4').getByText('light').waitFor();
    await label('node4')
      .getByText(String(height + 1))
      .waitFor();
    await page.keyboard.press('Escape');
    // Its link has a view, which shows that it carries.
    await page.evaluate(() => {
      location.hash = '#/link/pool/shop';
    });
    await page.locator('.inspector').getByRole('button', { name: 'Cut the link', exact: true }).waitFor();
    expect(await live.violations()).toEqual([]);
    expect(live.errors).toEqual([]);
  });
});
