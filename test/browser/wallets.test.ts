import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('wallets on the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({
      nodes: [
        { name: 'shop', accounts: [1] },
        { name: 'pool', accounts: [0] },
        { name: 'phone', role: 'light' },
      ],
      accounts: 2,
    });
    await network.node('phone').call('createwallet', ['pocket']);
    await network.faucet(await network.node('phone').call<string>('getnewaddress', [], 'pocket'), '5');
    await network.mine();
    control = await NetworkControl.start(network, { name: 'lesson', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await live.page.locator('button.node').first().waitFor();
  }, 60_000);
  afterEach(() => expect(live?.errors ?? []).toEqual([]));
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const open = (hash: string) => live.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  const inspector = () => live.page.locator('.inspector');
  const part = (name: string) => inspector().locator('.phases').getByRole('button', { name, exact: true });
  const mempool = async () => [...(await network.node('shop').view()).mempool!];
  /** Checks that the page is accessible in both themes, and fits the screen of a phone. */
  const checkAccess = async () => {
    const { page } = live;
    for (const theme of ['dark', 'light']) {
      await page.getByLabel('Theme').selectOption(theme);
      expect(await live.violations()).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  it('are listed with what they have, which changes as blocks come', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Wallets' }).click();
    const row = (name: string) => inspector().getByRole('row', { name: new RegExp(`^${name} `) });
    await row('pocket').getByRole('cell', { name: '5.00000000', exact: true }).waitFor();
    const cells = row('account1').getByRole('cell');
    await cells.getByText('50.00000000').waitFor();
    await network.faucet(network.accounts[1]!, '0.125');
    await cells.nth(2).getByText('0.12500000').waitFor();
    await network.mine();
    await cells.nth(1).getByText('50.12500000').waitFor();
    await checkAccess();
    await row('account1').getByRole('button').click();
    await page.getByRole('heading', { name: 'Wallet account1' }).waitFor();
    expect(page.url()).toContain('#/wallet/shop/account1');
    const latest = inspector().locator('.history li').first();
    await latest.getByText('+0.12500000').waitFor();
    await latest.getByText('1 ✓').waitFor();
    await network.mine(2);
    await latest.getByText('3 ✓').waitFor();
    await checkAccess();
  });

  it('receive at a fresh address of each type, as text and as QR code', { timeout: 60_000 }, async () => {
    const { page } = live;
    await open('#/wallet/shop/account1');
    await part('Receive').click();
    for (const [type, start] of [
      ['bech32m', 'bcrt1p'],
      ['p2sh-segwit', '2'],
      ['bech32', 'bcrt1q'],
    ] as const) {
      await page.getByLabel('Type of address').selectOption(type);
      await page.getByRole('button', { name: 'New address' }).click();
      const code = inspector().getByRole('img', { name: new RegExp(`^QR code of ${start}`) });
      await code.waitFor();
      await page.getByRole('button', { name: 'Copy', exact: true }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = (await page.evaluate('navigator.clipboard.readText()')) as string;
      expect(await code.getAttribute('aria-label')).toBe(`QR code of ${copied}`);
      const info = await network.node('shop').call('getaddressinfo', [copied], 'account1');
      expect(info).toMatchObject({ ismine: true, ischange: false });
    }
    // A reader needs dark on light, also where the page is light on dark.
    await page.getByLabel('Theme').selectOption('dark');
    const fill = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).fill`) as Promise<string>;
    expect([await fill('.qr .paper'), await fill('.qr rect:not(.paper)')]).toEqual([
      ...['rgb(255, 255, 255)', 'rgb(0, 0, 0)'],
    ]);
    await checkAccess();
  });

  it('show a payment before they send it, and say what is wrong', { timeout: 60_000 }, async () => {
    const { page } = live;
    await open('#/wallet/shop/account1');
    await part('Send').click();
    const preview = inspector().getByRole('button', { name: 'Preview' });
    const failure = inspector().getByRole('alert');
    const to = page.getByLabel('To: address');
    await inspector().getByText('estimated for the next block').waitFor();
    await to.fill('<i>x</i>');
    await preview.click();
    await failure.getByText('no account or single wallet: <i>x</i>').waitFor();
    await to.fill('0');
    await inspector().getByLabel('Bitcoins').fill('1,5');
    await preview.click();
    await failure.getByText('This is no amount of bitcoins above 0: 1,5').waitFor();
    await inspector().getByLabel('Bitcoins').fill('1000');
    await preview.click();
    await failure.getByText('Insufficient funds').waitFor();
    await inspector().getByLabel('Bitcoins').fill('1.5');
    await inspector().getByRole('textbox', { name: 'own rate' }).fill('x');
    await preview.click();
    await failure.getByText('This is no fee rate above 0: x').waitFor();
    await inspector().getByRole('textbox', { name: 'own rate' }).fill('7');
    await preview.click();
    const shown = inspector().getByRole('region', { name: 'Preview' });
    await shown.getByText('change, back to this wallet').waitFor();
    // A signature is sometimes a byte shorter than reckoned with.
    await shown.getByText(/7\.\d{3} sat\/vB/).waitFor();
    const command = await shown.locator('code').textContent();
    expect(command).toBe(`pier pay 1 ${network.accounts[0]!.address} 1.50000000 --fee-rate 7`);
    expect(await mempool()).toEqual([]);
    await checkAccess();
    // A change of the form drops the preview.
    await inspector().getByLabel('Bitcoins').fill('1.25');
    await shown.waitFor({ state: 'detached' });
    await preview.click();
    const txid = await shown.locator('dd', { hasText: /^[0-9a-f]{64}$/ }).textContent();
    await shown.getByRole('button', { name: 'Send it' }).click();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    expect(page.url()).toContain(`#/transaction/${txid}`);
    expect(await mempool()).toEqual([txid]);
    const entry = await network.node('shop').call<{ vsize: number; fees: { base: number } }>('getmempoolentry', [txid]);
    expect(Math.round(entry.fees.base * 1e8)).toBe(7 * entry.vsize);
  });

  it('spend the coins of an unconfirmed payment again', { timeout: 60_000 }, async () => {
    const { page } = live;
    await open('#/wallet/shop/account1');
    const first = inspector().locator('.history li').first();
    await first.getByRole('button', { name: 'Double-spend' }).click();
    await first.getByLabel('To: address').fill('7');
    await first.locator('form').getByRole('button', { name: 'Double-spend' }).click();
    await first.getByRole('alert').getByText('there is no account 7').waitFor();
    await checkAccess();
    const [before] = await mempool();
    await first.getByLabel('To: address').fill('');
    await first.locator('form').getByRole('button', { name: 'Double-spend' }).click();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    const [after, ...rest] = await mempool();
    expect([after === before, rest]).toEqual([false, []]);
    expect(page.url()).toContain(`#/transaction/${after}`);
    await open('#/wallet/shop/account1');
    await inspector().locator('.history li', { hasText: 'replaced' }).getByText('−1.25000000').waitFor();
    await network.mine();
    await inspector().locator('.history li', { hasText: 'conflicts with a block' }).getByText('−1.25000000').waitFor();
    expect(await inspector().getByRole('button', { name: 'Double-spend' }).count()).toBe(0);
  });

  it('of a light node pay, too', { timeout: 60_000 }, async () => {
    await open('#/wallet/phone/pocket');
    await part('Send').click();
    await live.page.getByLabel('To: address').fill('shop/account1');
    await inspector().getByLabel('Bitcoins').fill('2');
    await inspector().getByText('estimated for the next block').waitFor();
    await inspector().getByRole('button', { name: 'Preview' }).click();
    await inspector().getByText('The wallet of a light node').waitFor();
    await inspector().getByRole('button', { name: 'Send it' }).click();
    await live.page.waitForURL(/#\/transaction\//);
    const [txid] = /[0-9a-f]{64}$/.exec(live.page.url())!;
    expect(await network.node('phone').call('gettransaction', [txid], 'pocket')).toMatchObject({ confirmations: 0 });
  });

  it('are found by their addresses, which show outputs and payments', { timeout: 60_000 }, async () => {
    const { page } = live;
    const address = await network.accounts[1]!.newAddress('bech32m');
    const payment = await network.faucet(address, '0.75');
    await network.mine();
    await page.getByRole('search').getByRole('textbox').fill(address);
    await page.getByRole('search').getByRole('button').click();
    await page.getByRole('heading', { name: 'Address', exact: true }).waitFor();
    const balance = inspector().locator('dd', { hasText: 'UTXO set' });
    await balance.getByText('0.75000000').waitFor();
    await inspector()
      .getByRole('row', { name: `${payment.txid.slice(0, 8)}…` })
      .getByText('0.75000000')
      .waitFor();
    await inspector().locator('.history li').getByText('1 ✓').waitFor();
    await network.faucet(address, '0.25');
    await inspector().locator('.history li', { hasText: 'unconfirmed' }).getByText('0.25000000').waitFor();
    expect(await balance.textContent()).toContain('0.75000000');
    await network.mine();
    await balance.getByText('1.00000000').waitFor();
    await checkAccess();
    await inspector().getByRole('button', { name: 'shop/account1' }).click();
    await page.getByRole('heading', { name: 'Wallet account1' }).waitFor();
    await open('#/address/bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202');
    await inspector().getByText('no wallet of this network').waitFor();
    await inspector().getByText('None in the UTXO set.').waitFor();
    await open('#/address/bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku203');
    await inspector().getByText('Nothing at this address').waitFor();
  });

  it('say what they say in Chinese', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.getByLabel('Language').selectOption('zh');
    await open('#/wallet/shop/account1');
    await page.getByRole('heading', { name: '钱包 account1' }).waitFor();
    await inspector().getByText('与区块冲突').waitFor();
    await open('#/wallets');
    await page.getByRole('heading', { name: '钱包', exact: true }).waitFor();
    await page.getByLabel('语言').selectOption('en');
  });
});
