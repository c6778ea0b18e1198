import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

describeChromium('what blocks and transactions are made of', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    network = await createNetwork({ nodes: [{ name: 'shop' }, { name: 'phone', role: 'light' }], accounts: 2 });
    control = await NetworkControl.start(network, { name: 'lesson', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
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
  /** Mines a block with so many transactions, and returns their ids. */
  const mineBlockOf = async (count: number): Promise<string[]> => {
    for (let i = 1; i < count; i++) {
      const [from, to] = i % 2 === 0 ? [0, 1] : [1, 0];
      await network.accounts[from]!.pay(network.accounts[to]!, '0.01');
    }
    const [hash] = await network.mine();
    return (await network.node('shop').call<{ tx: string[] }>('getblock', [hash])).tx;
  };

  it('are proved in blocks of each size, by hashes that the page computes', { timeout: 120_000 }, async () => {
    for (const [count, position, steps] of [
      [1, 0, 0],
      [2, 1, 1],
      [3, 2, 2],
      [7, 4, 3],
      [40, 39, 6],
    ] as const) {
      const txids = await mineBlockOf(count);
      expect(txids).toHaveLength(count);
      await open(`#/proof/${txids[position]}`);
      await inspector().getByText(`Transaction ${position} of the block`).waitFor();
      await inspector().getByText('✓ The computed root is the merkle root in the header.').waitFor();
      expect(await inspector().getByText(/^✓/).count()).toBe(3);
      expect(await inspector().locator('.joins li').count()).toBe(steps);
      const leaves =
        count <= 12 ? inspector().locator('.merkle rect:not(.lit)') : inspector().locator('.merkle .sibling');
      expect(await leaves.count()).toBeGreaterThanOrEqual(count === 1 ? 0 : 1);
      await inspector().getByText(`Transactions: ${count}.`).waitFor();
      // One bit of it makes it worthless.
      await inspector().getByRole('button', { name: 'Change a bit' }).click();
      await inspector().getByText('✗ The computed root is not the merkle root').waitFor();
      await inspector().getByRole('button', { name: 'Undo' }).click();
      await inspector().getByText('✓ The computed root').waitFor();
    }
    await inspector().getByRole('button', { name: 'Back' }).click();
    await inspector().getByText('Step 5 of 6').waitFor();
    expect(await inspector().getByText(/^✓/).count()).toBe(0);
    expect(await inspector().locator('.merkle .lit:is(rect)').count()).toBe(6);
    await inspector().getByRole('button', { name: 'Next' }).click();
    await checkAccess();
  });

  it('are not proved before a block has them, and by light nodes that have a proof', { timeout: 60_000 }, async () => {
    const { page } = live;
    await network.node('phone').call('createwallet', ['pocket']);
    const address = await network.node('phone').call<string>('getnewaddress', [], 'pocket');
    const { txid } = await network.faucet(address, '0.5');
    await open(`#/proof/${txid}`);
    await inspector().getByText('there is nothing to prove yet').waitFor();
    await network.mine();
    await open(`#/transaction/${txid}`);
    await inspector().getByRole('button', { name: 'Merkle proof' }).click();
    await inspector().getByText('✓ The computed root').waitFor();
    await page.getByLabel('Proof from').selectOption('phone');
    await inspector().getByText('The path and its siblings: 1 hashes.').waitFor();
    await inspector().getByText('✓ The computed root').waitFor();
    await open(`#/proof/${'ab'.repeat(32)}`);
    await inspector()
      .getByText(`nothing called “${'ab'.repeat(32)}”`)
      .waitFor();
  });

  it('are a header of 80 bytes, with the hash under the target', { timeout: 60_000 }, async () => {
    const { tip } = await network.node('shop').view();
    const header = await network.node('shop').call<string>('getblockheader', [tip, false]);
    await open(`#/block/${tip}`);
    await inspector().getByRole('heading', { name: 'Header: 80 bytes' }).waitFor();
    expect(await inspector().locator('.bytes').textContent()).toBe(header);
    await inspector().getByText(header.slice(152), { exact: true }).first().waitFor();
    await inspector().getByText('The hash is not above the target').waitFor();
    await checkAccess();
  });

  it('flow from inputs to outputs, and the fee is what is left', { timeout: 60_000 }, async () => {
    const [alice, bob] = network.accounts;
    const { txid, hex } = await alice!.pay(bob!, '1.5', { feeRate: 10 });
    await open(`#/transaction/${txid}`);
    const flow = inspector().getByRole('img', { name: /^Inputs: \d+, with/ });
    await flow.waitFor();
    const { fees } = await network.node('shop').call<{ fees: { base: number } }>('getmempoolentry', [txid]);
    expect(await flow.getAttribute('aria-label')).toContain(`What is left, ${fees.base.toFixed(8)} BTC, is the fee.`);
    await inspector()
      .locator('dd', { hasText: `${Math.round(fees.base * 1e8)} sat` })
      .first()
      .waitFor();
    await inspector().getByText('Transaction in hex').click();
    await inspector().getByText(hex, { exact: true }).waitFor();
    await inspector().locator('dd', { hasText: 'not confirmed yet' }).waitFor();
    await checkAccess();
    await inspector().getByRole('button', { name: bob!.address }).click();
    await live.page.getByRole('heading', { name: 'Address', exact: true }).waitFor();
    await open(`#/transaction/${txid}`);
    await inspector().getByRole('button', { name: 'Double-spend' }).click();
    await inspector().locator('form').getByRole('button', { name: 'Double-spend' }).click();
    await inspector().locator('dd.value', { hasText: txid }).waitFor({ state: 'detached' });
    await open(`#/transaction/${txid}`);
    await inspector().locator('dd', { hasText: 'replaced' }).waitFor();
    await network.mine();
    await inspector().locator('dd', { hasText: 'conflicts with a block (-1)' }).waitFor();
    const [conflict] = await inspector().getByText('…').allTextContents();
    expect(conflict).toBeTruthy();
  });

  it('are confirmed as blocks come', { timeout: 60_000 }, async () => {
    const { txid } = await network.accounts[0]!.pay(network.accounts[1]!, '0.25');
    await open(`#/transaction/${txid}`);
    await inspector().locator('dd', { hasText: 'not confirmed yet' }).waitFor();
    await network.mine();
    await inspector().locator('dd', { hasText: '1 · ' }).waitFor();
    await network.mine(2);
    await inspector().locator('dd', { hasText: '3 · ' }).waitFor();
  });
});
