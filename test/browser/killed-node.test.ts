import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('a network whose central node is killed, on the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({
      nodes: [
        { name: 'hub', role: 'central' },
        { name: 'shop', accounts: [0, 1] },
        { name: 'pool', role: 'miner' },
      ],
      shape: 'mesh',
      accounts: 2,
    });
    control = await NetworkControl.start(network, { name: 'killed', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  it('goes on: payments travel and confirm, and the node catches up', { timeout: 120_000 }, async () => {
    const { page } = live;
    const label = (name: string) => page.locator('button.node', { hasText: name });
    const { height } = await network.node('shop').view();
    await label('hub').click();
    await page.getByRole('button', { name: 'Kill', exact: true }).click();
    await label('hub').getByText('stopped').waitFor();
    // Its name is struck through, not that it is stopped.
    const struck = (selector: string) =>
      page.evaluate(`getComputedStyle(document.querySelector('.node.off ${selector}')).textDecorationLine`);
    expect([await struck('strong'), await struck('.number')]).toEqual(['line-through', 'none']);
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.node.off')).textDecorationLine`)).toBe(
      'none',
    );
    await page.getByRole('button', { name: 'Close' }).click();

    // A payment, which travels to the miner and is confirmed.
    const form = (button: string) =>
      page.locator('form.action', { has: page.getByRole('button', { name: button, exact: true }) });
    await form('Pay').getByRole('button').click();
    const result = form('Pay').getByRole('status');
    await result.waitFor();
    const txid = /[0-9a-f]{64}/.exec((await result.textContent())!)![0];
    await page.locator('.nodes tr', { hasText: 'pool' }).getByRole('cell', { name: '1', exact: true }).waitFor();
    await form('Mine blocks').getByRole('button').click();
    for (const name of ['shop', 'pool'])
      await label(name)
        .getByText(String(height + 1))
        .waitFor();
    await page.evaluate((to) => {
      location.hash = to;
    }, `#/transaction/${txid}`);
    await page.locator('.inspector').getByText('1 · ').first().waitFor();
    await label('hub').getByText('stopped').waitFor();

    // The node catches up.
    await label('hub').click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await label('hub')
      .getByText(String(height + 1))
      .waitFor();
    expect(live.errors).toEqual([]);
  });
});
