import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

/** Names of things that are English in every language: commands, fields of messages and of RPC results. */
const ENGLISH = /pier (up|status|page|mine)|npx pier up|sat\/vB/g;

describeChromium('the addresses of the page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({
      nodes: [
        { name: 'shop', accounts: [0, 1] },
        { name: 'pool', role: 'miner' },
      ],
      accounts: 2,
    });
    control = await NetworkControl.start(network, { name: 'class', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
    await live.page.locator('button.node').first().waitFor();
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const show = (hash: string) =>
    live.page.evaluate((to) => {
      location.hash = to;
    }, hash);
  const titled = (title: string) => live.page.waitForFunction((wanted) => document.title === wanted, title);
  const walletOf = () => network.accounts[0]!.wallet;

  it('say that nothing is there, and lead back', { timeout: 60_000 }, async () => {
    const { page } = live;
    const unknown = 'ab'.repeat(32);
    for (const hash of [
      ...[
        'nonsense',
        '%zz',
        'node/nosuch',
        'block/xyz',
        `block/${unknown}`,
        `transaction/${unknown}`,
        'transaction/xyz',
      ],
      ...['link/shop/nosuch', 'address/bcrt1qnosuch', `proof/${unknown}`, 'wallet/nosuch/a', 'wallet/shop/nosuch'],
      ...['message/shop/999999999', `script/${unknown}/0`, 'script/ab/x'],
    ]) {
      await show(`#/${hash}`);
      await page.locator('.inspector').getByRole('heading', { name: 'Nothing at this address' }).waitFor();
      await page.getByRole('link', { name: 'Back to the network' }).click();
      await page.locator('.inspector').waitFor({ state: 'detached' });
    }
    await show('#/lesson/nosuch');
    await page.locator('.lesson').getByText('nosuch').waitFor();
    await show('#/');
    expect(live.errors).toEqual([]);
  });

  it('give the page its title, in the language', { timeout: 60_000 }, async () => {
    const { page } = live;
    await titled('class');
    await show('#/node/shop');
    await titled('class · shop');
    const { tip, height } = await network.node('shop').view();
    await show(`#/block/${tip}`);
    await titled(`class · Block ${height}`);
    await page.getByLabel('Language').selectOption('zh');
    await titled(`class · 区块 ${height}`);
    await page.getByLabel('语言').selectOption('en');
  });

  it('hold the part of a wallet and the order of transactions', { timeout: 60_000 }, async () => {
    const { page } = live;
    await show(`#/wallet/shop/${walletOf()}`);
    const part = (name: string) => page.locator('.phases').getByRole('button', { name, exact: true, pressed: true });
    await part('Payments').waitFor();
    await page.locator('.phases').getByRole('button', { name: 'Send' }).click();
    await part('Send').waitFor();
    expect(page.url()).toContain(`#/wallet/shop/${walletOf()}/send`);
    await page.reload();
    await part('Send').waitFor();
    await page.goBack();
    await part('Payments').waitFor();
    await page.goForward();
    await part('Send').waitFor();
    await show('#/mempools');
    await page.getByLabel('Order').selectOption('rate');
    expect(page.url()).toMatch(/#\/mempools\/rate$/);
    await page.reload();
    await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('.mempools select')?.value === 'rate');
  });

  it('lead from a payment to it, and from its row to its block', { timeout: 60_000 }, async () => {
    const { page } = live;
    await show('#/');
    const pay = page.locator('form.action', { has: page.getByRole('button', { name: 'Pay', exact: true }) });
    await pay.getByRole('button').click();
    await pay.getByRole('status').getByRole('link').click();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    await show('#/mempools');
    await page.locator('.matrix').getByText('2 of 2').waitFor();
    await network.mine();
    const { tip, height } = await network.node('shop').view();
    await page
      .locator('.matrix')
      .getByRole('link', { name: `confirmed at ${height}` })
      .click();
    await page.waitForURL((url) => url.hash === `#/block/${tip}`);
    await show('#/');
  });

  it('keep groups of actions folded', { timeout: 60_000 }, async () => {
    const { page } = live;
    const time = page.locator('.act details', { has: page.getByText('Time', { exact: true }) });
    await time.locator('summary').click();
    await time.getByRole('button').waitFor({ state: 'hidden' });
    await page.reload();
    await page.locator('.act').getByRole('button', { name: 'Pay', exact: true }).waitFor();
    expect(await time.getByRole('button').isVisible()).toBe(false);
    await time.locator('summary').click();
    await time.getByRole('button').waitFor();
  });

  it('are all Chinese in Chinese, also what another tab has chosen', { timeout: 120_000 }, async () => {
    const { page } = live;
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByLabel('Language').selectOption('zh');
    await other.getByLabel('主题').selectOption('dark');
    await page.locator('html[lang=zh][data-theme=dark]').waitFor();
    await other.close();
    const { tip } = await network.node('shop').view();
    const { tx } = await network.node('shop').call<{ tx: string[] }>('getblock', [tip]);
    for (const hash of [
      ...['', 'wallets', `wallet/shop/${walletOf()}`, `wallet/shop/${walletOf()}/send`, 'mempools', 'mining', 'script'],
      ...['lesson', 'node/shop', 'link/pool/shop', `block/${tip}`, `transaction/${tx.at(-1)}`, `proof/${tx.at(-1)}`],
      ...[`script/${tx.at(-1)}/0`, 'nonsense'],
    ]) {
      await show(`#/${hash}`);
      const place = page.locator(hash === '' ? '.act' : hash === 'lesson' ? '.lesson' : '.inspector');
      await place
        .getByRole(hash === '' ? 'button' : 'heading')
        .first()
        .waitFor();
      const found = await page.evaluate(() => {
        const texts: string[] = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const parent = walker.currentNode.parentElement!;
          if (parent.closest('code, kbd, option, .hash, .value, .script, [lang=en]') || !parent.checkVisibility())
            continue;
          texts.push(walker.currentNode.textContent ?? '');
        }
        return texts;
      });
      const english = found.filter((text) => /[A-Za-z]{2,}(\s+[A-Za-z]{2,}){2,}/.test(text.replace(ENGLISH, '')));
      expect(english, hash).toEqual([]);
    }
    expect(await live.violations()).toEqual([]);
  });
});
