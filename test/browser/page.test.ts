import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PAGE_FOLDER } from '../../src/node/page-folder.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;
  const link = () => `${control.url.replace('ws:', 'http:')}#token=${control.token}`;

  beforeAll(async () => {
    expect(existsSync(PAGE_FOLDER), '`npm run build` makes the page').toBe(true);
    network = await createNetwork({
      nodes: [
        { name: 'shop', accounts: [1], p2p: true },
        { name: 'pool', role: 'miner' },
        { name: 'phone', role: 'light' },
      ],
      accounts: 2,
    });
    control = await NetworkControl.start(network, { name: 'lesson', port: 0 });
    live = await LivePage.open(link());
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const label = (name: string) => live.page.locator('button.node', { hasText: name });
  const form = (button: string) =>
    live.page.locator('form.action', { has: live.page.getByRole('button', { name: button, exact: true }) });
  const heightOf = async (name: string) => (await network.node(name).view()).height;

  it('shows the nodes, and follows what is done to them', { timeout: 60_000 }, async () => {
    const { page } = live;
    const height = await heightOf('shop');
    for (const name of ['shop', 'pool', 'phone']) await label(name).getByText(String(height)).waitFor();
    await label('pool').getByText('miner').waitFor();
    expect(await page.locator('.about').textContent()).toContain('lesson · regtest');
    // The address has no token any more; a reload finds the one of this tab.
    expect(page.url()).not.toContain(control.token);
    await page.reload();
    await form('Pay').getByLabel('bitcoins').fill('0.75');
    expect(await form('Pay').locator('code').allTextContents()).toEqual([
      'pier pay 0 1 0.75',
      "await network.accounts[0].pay(network.accounts[1], '0.75')",
    ]);
    await form('Pay').getByRole('button').click();
    await form('Pay').getByRole('status').waitFor();
    // The result is said in the language of now, and leads to the transaction.
    await page.getByLabel('Language').selectOption('zh');
    await page.locator('.act').getByText('完成。付款交易').waitFor();
    await page.getByLabel('语言').selectOption('en');
    const txid = /[0-9a-f]{64}/.exec((await form('Pay').getByRole('status').textContent())!)![0];
    await page.locator('.nodes tr', { hasText: 'pool' }).getByRole('cell', { name: '1', exact: true }).waitFor();

    await form('Mine blocks').getByRole('button').click();
    for (const name of ['shop', 'pool', 'phone'])
      await label(name)
        .getByText(String(height + 1))
        .waitFor();
    const { tip } = await network.node('shop').view();
    await page.getByRole('link', { name: `${height + 1} ${tip.slice(-4)}` }).click();
    await page.getByRole('heading', { name: `Block ${height + 1}` }).waitFor();
    expect(page.url()).toContain(`#/block/${tip}`);
    await page
      .locator('.inspector')
      .getByText(/^phone/)
      .waitFor();
    await page.getByRole('button', { name: txid }).click();
    await page.locator('.inspector').getByText('0.75000000').first().waitFor();
    await page.locator('.inspector dd', { hasText: '1 · ' }).waitFor();
    // Its own address shows it again.
    await page.reload();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: `Block ${height + 1}` }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('.inspector').waitFor({ state: 'detached' });
  });

  it('finds blocks and transactions', { timeout: 60_000 }, async () => {
    const { page } = live;
    const find = async (text: string) => {
      await page.getByRole('search').getByRole('textbox').fill(text);
      await page.getByRole('search').getByRole('button').click();
    };
    await find('1');
    await page.getByRole('heading', { name: 'Block 1', exact: true }).waitFor();
    const hash = await network.node('shop').call<string>('getblockhash', [2]);
    await find(hash);
    await page.getByRole('heading', { name: 'Block 2', exact: true }).waitFor();
    await find(hash.toUpperCase());
    await page.getByRole('heading', { name: 'Block 2', exact: true }).waitFor();
    // Of confirmed transactions, those of the last blocks.
    const tip = await network.node('shop').call<string>('getbestblockhash');
    const { tx } = await network.node('shop').call<{ tx: string[] }>('getblock', [tip]);
    await find(tx[0]!);
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    await find('ab'.repeat(32));
    await page.getByText(`No node has it: ${'ab'.repeat(32)}`).waitFor();
    await find('pool');
    await page.getByRole('heading', { name: 'pool', exact: true }).waitFor();
    await find('99999999');
    await page.getByText('No node has it: 99999999').waitFor();
    await find('<img src=x onerror=alert(1)>');
    await page.getByText('No node has it: <img').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('shows a division, its fork and the end of it', { timeout: 60_000 }, async () => {
    const { page } = live;
    const height = await heightOf('shop');
    // Until it is filled in, there is no command, but an example.
    expect(await form('Divide the network').locator('code').count()).toBe(0);
    expect(await form('Divide the network').getByRole('textbox').getAttribute('placeholder')).toBe('shop,pool phone');
    expect(await form('Mend all links').getByRole('button').isDisabled()).toBe(true);
    await form('Divide the network').getByRole('textbox').fill('shop pool');
    await form('Divide the network').getByRole('button').click();
    await form('Divide the network').getByText('pool ✕ shop').waitFor();
    await network.mine(1, { by: 'shop', to: network.accounts[0]! });
    await network.mine(2, { by: 'pool', to: network.accounts[1]! });
    await label('shop')
      .getByText(String(height + 1))
      .waitFor();
    await label('pool')
      .getByText(String(height + 2))
      .waitFor();
    const shop = (await network.node('shop').view()).tip;
    await page
      .getByRole('link', { name: `${height + 1} ${shop.slice(-4)}` })
      .getByText('shop')
      .waitFor();
    await form('Mend all links').getByRole('button').click();
    const { tip } = await network.node('pool').view();
    await page
      .getByRole('link', { name: `${height + 2} ${tip.slice(-4)}` })
      .getByText('shop')
      .waitFor();
    // The branch that has lost stays in the tree, and fades.
    await page
      .getByRole('link', { name: new RegExp(`^${height + 1}`) })
      .nth(1)
      .waitFor();
    await page
      .getByRole('link', { name: `${height + 1} ${shop.slice(-4)}` })
      .locator('rect.lost')
      .waitFor();
    expect(await page.locator('.tree rect.lost').count()).toBe(1);
    await form('Reorganise').getByRole('button').click();
    await label('phone')
      .getByText(String(height + 3))
      .waitFor();
  });

  it('stops and starts a node, and says what cannot be done', { timeout: 60_000 }, async () => {
    const { page } = live;
    await label('pool').click();
    await page.getByRole('button', { name: 'Kill' }).click();
    await label('pool').getByText('stopped').waitFor();
    const pause = page.locator('.inspector').getByRole('button', { name: 'Pause' });
    expect([await pause.isDisabled(), await pause.getAttribute('title')]).toEqual([
      true,
      'pool is stopped: start it first.',
    ]);
    expect(await page.locator(`[id="${await pause.getAttribute('aria-describedby')}"]`).textContent()).toBe(
      'pool is stopped: start it first.',
    );
    expect(await page.locator('.inspector').getByRole('button', { name: 'Kill' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Start' }).click();
    await label('pool')
      .getByText(String(await heightOf('shop')))
      .waitFor();
    await page.getByRole('button', { name: 'pool → shop' }).click();
    await page.getByRole('button', { name: 'Set latency' }).click();
    await page.locator('.inspector dd', { hasText: '200 ms' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('does what is typed into the command bar', { timeout: 60_000 }, async () => {
    const { page } = live;
    const height = await heightOf('shop');
    const bar = page.getByRole('dialog');
    await page.locator('body').press('/');
    await bar.getByRole('combobox').fill('mi');
    await bar.getByRole('option', { selected: true }).getByText('Mine blocks').waitFor();
    await bar.getByRole('combobox').press('ArrowDown');
    await bar.getByRole('option', { selected: true }).getByText('Set when blocks are mined').waitFor();
    await bar.getByRole('combobox').fill('mine 2 shop nonsense');
    expect(await bar.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true);
    await bar.getByRole('combobox').fill('mine 2 shop');
    await bar.getByText('pier mine 2 --by shop').waitFor();
    await bar.getByText("await network.mine(2, { by: 'shop' })").waitFor();
    for (const theme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: theme as 'dark' | 'light' });
      expect(await live.violations()).toEqual([]);
    }
    await bar.getByRole('combobox').press('Enter');
    await bar.getByRole('status').getByText('Done').waitFor();
    expect(await heightOf('shop')).toBe(height + 2);
    // What came of it is gone with the line.
    await bar.getByRole('combobox').fill('mine');
    expect(await bar.getByRole('status').count()).toBe(0);
    for (const [typed, said] of [
      ['partition shop,nosuch', 'groups of nodes: there is no node “nosuch”. The nodes are: shop, pool, phone.'],
      ['mine abc', 'blocks: “abc” is not a whole number from 1 to 10000.'],
      ['mine 1 phone', 'by node: phone is a light node, which does not mine. Choose a full node.'],
      ['heal now', 'Too many values: now. It takes: none.'],
      ['heal', 'No link is cut.'],
      ['start pool', 'pool runs already.'],
      ['kill nosuch', 'Kill: there is no node “nosuch”. The nodes are: shop, pool, phone.'],
    ] as const) {
      await bar.getByRole('combobox').fill(typed);
      await bar.getByRole('status').getByText(said, { exact: true }).waitFor();
      expect(await bar.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true);
    }
    // What the network itself refuses.
    await bar.getByRole('combobox').fill('restore nosuch');
    await bar.getByRole('combobox').press('Enter');
    await bar.locator('.failed').getByText('nosuch').waitFor();
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    await bar.waitFor();
    await bar.getByRole('combobox').press('/');
    expect(await bar.getByRole('combobox').inputValue()).toBe('/');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await bar.waitFor();
    await page.keyboard.press('Escape');
    // A slash in a field is a slash.
    await page.getByRole('search').getByRole('textbox').press('/');
    expect(await bar.isVisible()).toBe(false);
    await page.getByRole('search').getByRole('textbox').fill('');
  });

  it('speaks Chinese, in either theme, at the width of a phone, within reach of all', { timeout: 60_000 }, async () => {
    const { page } = live;
    for (const theme of ['light', 'dark']) {
      await page.getByLabel('Theme').selectOption(theme);
      expect(await live.violations()).toEqual([]);
    }
    await page.getByLabel('Language').selectOption('zh');
    await page.getByRole('button', { name: '挖区块' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: '区块树' }).click();
    await page.getByRole('link').first().waitFor();
    // One view at a time.
    expect(await page.locator('.stage, .diagram, .tree').filter({ visible: true }).count()).toBe(1);
    expect(await live.violations()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByLabel('语言').selectOption('en');
  });

  it('stands still, runs slower, and is live again', { timeout: 60_000 }, async () => {
    const { page } = live;
    const height = await heightOf('shop');
    await page.locator('header').getByRole('button', { name: 'Pause' }).click();
    await network.mine();
    // The table is always of now.
    await page
      .locator('.nodes tr', { hasText: 'phone' })
      .getByText(String(height + 1))
      .waitFor();
    await label('phone').getByText(String(height)).waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await label('phone')
      .getByText(String(height + 1))
      .waitFor();
  });

  it('connects again by itself, and shows what it has missed', { timeout: 60_000 }, async () => {
    const { page } = live;
    const { port, token } = control;
    await control.close();
    await page.getByText('The network has ended.').waitFor();
    await page.locator('.notice').getByText('pier up').waitFor();
    const [hash] = await network.mine();
    control = await NetworkControl.start(network, { name: 'lesson', port, token });
    await page.locator('.notice', { hasText: 'Some events were missed' }).waitFor();
    await label('shop').getByText(hash!.slice(-4)).waitFor();
    // What a browser says of a server that is away is no fault of the page.
    const faults = live.errors.filter((error) => !/WebSocket|ERR_CONNECTION_REFUSED/.test(error));
    expect(faults).toEqual([]);
  });

  it('is dark where the system is, until another theme is chosen', { timeout: 60_000 }, async () => {
    const dark = await LivePage.open(link(), { colorScheme: 'dark' });
    try {
      const theme = () => dark.page.locator('html').getAttribute('data-theme');
      expect(await theme()).toBe('dark');
      await dark.page.emulateMedia({ colorScheme: 'light' });
      await dark.page.locator('html[data-theme=light]').waitFor();
      await dark.page.getByLabel('Theme').selectOption('dark');
      await dark.page.locator('html[data-theme=dark]').waitFor();
      await dark.page.reload();
      expect(await theme()).toBe('dark');
    } finally {
      await dark.close();
    }
  });

  it('shows nothing without the token', { timeout: 60_000 }, async () => {
    const stranger = await LivePage.open(control.url.replace('ws:', 'http:'));
    try {
      await stranger.page.getByText("This page's address is not that of the network.").waitFor();
      expect(await stranger.page.locator('button.node').count()).toBe(0);
    } finally {
      await stranger.close();
    }
  });
});
