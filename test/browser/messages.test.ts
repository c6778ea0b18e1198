import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('messages on the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({ nodes: [{ name: 'shop' }, { name: 'pool' }], accounts: 2 });
    control = await NetworkControl.start(network, { name: 'messages', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  it('show their way and their bytes, field by field', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.locator('button.node', { hasText: 'shop' }).waitFor();
    const [alice, bob] = network.accounts;
    const { txid } = await alice!.pay(bob!, '1.5');
    await page.evaluate(() => {
      location.hash = '#/link/pool/shop';
    });
    await page.getByRole('button', { name: 'shop → pool: tx' }).click();
    await page.getByRole('heading', { name: 'tx', exact: true }).waitFor();
    await page.getByText('A whole transaction.').waitFor();
    await page.locator('.inspector dd', { hasText: /^\d+\.\d ms later$/ }).waitFor();
    const field = (name: string) =>
      page.locator('.fields tr', { has: page.getByRole('rowheader', { name, exact: true }) });
    const { hex } = await network.node('shop').call<{ hex: string }>('getrawtransaction', [txid, 1]);
    // Version 2, as the first four bytes.
    expect(await field('version').locator('td').allTextContents()).toEqual([
      '2',
      hex.slice(0, 8).match(/../g)!.join(' '),
    ]);
    expect(await field('value').getByText('1.50000000 BTC').count()).toBe(1);
    expect(await live.violations()).toEqual([]);
    // The hash that is asked for is that of the transaction, under either of its ids.
    await page.goBack();
    await page.getByRole('button', { name: 'pool → shop: getdata' }).click();
    await field('hash').getByRole('button').click();
    await page.getByRole('heading', { name: 'Transaction', exact: true }).waitFor();
    expect(page.url()).toContain(`#/transaction/${txid}`);
    // A message that no node keeps.
    await page.evaluate(() => {
      location.hash = '#/message/shop/1';
    });
    await page.getByText('this one is gone').waitFor();
    expect(live.errors).toEqual([]);
  });
});
