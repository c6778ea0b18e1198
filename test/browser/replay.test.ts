import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

/** Pixels of the canvas in the colour of transactions: where the first and the last one are. */
interface Drawn {
  readonly left: number;
  readonly right: number;
  /** A pixel in the middle of them. */
  readonly middle: { readonly x: number; readonly y: number };
}

describeChromium('replays on the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;
  let txid: string;

  beforeAll(async () => {
    network = await createNetwork({
      nodes: ['shop', 'pool', 'home'].map((name) => ({ name })),
      links: [
        { between: ['shop', 'pool'], latency: 30 },
        { between: ['pool', 'home'], latency: 30 },
      ],
      accounts: 2,
    });
    control = await NetworkControl.start(network, { name: 'replay', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    expect(live?.errors).toEqual([]);
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const bar = () => live.page.locator('.time-bar');
  const speed = (name: string) => live.page.locator('.speeds').getByRole('button', { name, exact: true });

  /** Returns where lines of `tx` messages are drawn; undefined if there is none. */
  const drawn = (): Promise<Drawn | undefined> =>
    live.page.evaluate(() => {
      const element = document.querySelector<HTMLCanvasElement>('.plot canvas')!;
      const { width, height } = element;
      const { data } = element.getContext('2d')!.getImageData(0, 0, width, height);
      const colour = getComputedStyle(document.documentElement).getPropertyValue('--kind-transaction');
      const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
      const found: { x: number; y: number }[] = [];
      for (let i = 0; i < width * height; i++) {
        if (wanted.every((value, part) => data[4 * i + part] === value) && data[4 * i + 3] === 255)
          found.push({ x: i % width, y: Math.floor(i / width) });
      }
      found.sort((a, b) => a.x - b.x);
      const middle = found[Math.floor(found.length / 2)];
      return middle && { left: found[0]!.x, right: found.at(-1)!.x, middle };
    });

  it('show how the last payment travelled, and stand still at its end', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.locator('button.node', { hasText: 'home' }).waitFor();
    const [alice, bob] = network.accounts;
    ({ txid } = await alice!.pay(bob!, '1.5'));
    await page.locator('.nodes tr', { hasText: 'home' }).getByRole('cell', { name: '1', exact: true }).waitFor();
    // Within the 20 s of the live display, a line is a hair.
    await expect.poll(async () => (await drawn())?.right).toBeGreaterThan(0);
    const before = (await drawn())!;
    expect(before.right - before.left).toBeLessThan(100);
    await speed('Replay payment').click();
    await bar()
      .getByText(`Transaction ${txid.slice(0, 8)}…${txid.slice(-4)}`)
      .waitFor();
    // It stands at its first node, and not yet at the last one.
    await page.locator('button.node.lit', { hasText: 'shop' }).waitFor();
    expect(await page.locator('button.node.lit', { hasText: 'home' }).count()).toBe(0);
    const [, length, unit, factor] = /of ([\d.]+) (m?s), ([\d.]+)× slower/.exec((await bar().textContent())!)!;
    const seconds = (Number(length) * Number(factor)) / (unit === 'ms' ? 1_000 : 1);
    // The length is rounded to two digits.
    expect(seconds).toBeGreaterThan(3.7);
    expect(seconds).toBeLessThan(8.3);
    await page.locator('button.node.lit', { hasText: 'home' }).waitFor();
    await bar().getByRole('button', { name: 'Again' }).waitFor();
    expect(await speed('Pause').getAttribute('aria-pressed')).toBe('true');
    const { left, right } = (await drawn())!;
    expect(right - left).toBeGreaterThan(300);
  });

  it('lead from a line to its message, and from there to the transaction', { timeout: 60_000 }, async () => {
    const { page } = live;
    const box = (await page.locator('.plot canvas').boundingBox())!;
    const { middle } = (await drawn())!;
    await page.mouse.move(box.x + middle.x, box.y + middle.y);
    await bar()
      .getByText(/^tx \w+ → \w+ · \d+ bytes · /)
      .waitFor();
    const cursor = await page.locator('.plot canvas').evaluate((canvas) => getComputedStyle(canvas).cursor);
    expect(cursor).toBe('pointer');
    await page.mouse.click(box.x + middle.x, box.y + middle.y);
    await page.getByRole('heading', { name: 'tx', exact: true }).waitFor();
    await page
      .locator('.inspector .subjects')
      .getByRole('button', { name: `${txid.slice(0, 8)}…${txid.slice(-4)}` })
      .click();
    await page.getByRole('heading', { name: 'Transaction' }).waitFor();
    expect(page.url()).toContain(`#/transaction/${txid}`);
    await page.locator('.inspector').getByRole('button', { name: 'Watch it travel' }).click();
    await bar().getByRole('button', { name: 'Again' }).waitFor({ state: 'detached' });
    await speed('Live').click();
    await bar()
      .getByText(/^Transaction/)
      .waitFor({ state: 'detached' });
    expect(await page.locator('button.node.lit').count()).toBe(0);
  });

  it('show blocks, by key and from their view', { timeout: 60_000 }, async () => {
    const { page } = live;
    const [hash] = await network.mine(1, { by: 'shop' });
    await page.locator('button.node', { hasText: 'home' }).getByText(hash!.slice(-4)).waitFor();
    await page.locator('body').press('Shift+R');
    await bar()
      .getByText(`Block ${hash!.slice(0, 8)}`)
      .waitFor();
    await speed('Live').click();
    await page.evaluate((id) => {
      location.hash = `#/block/${id}`;
    }, hash!);
    await page.locator('.inspector').getByRole('button', { name: 'Watch it travel' }).click();
    await bar()
      .getByText(`Block ${hash!.slice(0, 8)}`)
      .waitFor();
    await speed('Live').click();
    await page.locator('.inspector').getByRole('button', { name: 'Close' }).click();
    await page.locator('body').press('r');
    await bar()
      .getByText(`Transaction ${txid.slice(0, 8)}`)
      .waitFor();
    await speed('Live').click();
    const line = page.getByRole('dialog').getByRole('combobox');
    await page.locator('body').press('/');
    await line.fill('replay block');
    expect(await page.getByRole('dialog').locator('code').count()).toBe(0);
    await line.press('Enter');
    await bar()
      .getByText(`Block ${hash!.slice(0, 8)}`)
      .waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.locator('body').press('/');
    await line.fill(`replay ${'ab'.repeat(32)}`);
    await line.press('Enter');
    await page.getByRole('dialog').getByText('No message about it is remembered.').waitFor();
    await line.fill(`replay ${txid}`);
    await line.press('Enter');
    await bar()
      .getByText(`Transaction ${txid.slice(0, 8)}`)
      .waitFor();
    // In a field, a letter is a letter.
    await speed('Live').click();
    await page.getByRole('search').getByRole('textbox').pressSequentially('r+');
    expect(await speed('Live').getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('search').getByRole('textbox').fill('');
  });

  it('begin at the last messages when the display slows down', { timeout: 60_000 }, async () => {
    await speed('10× slower').click();
    await bar()
      .getByText(/^2 s wide; 0 ms is/)
      .waitFor();
    await expect.poll(async () => (await drawn()) !== undefined).toBe(true);
    await bar().getByText('Waiting for the next message').waitFor();
    await speed('Live').click();
    await bar().getByText('20 s wide').waitFor();
  });

  it('zoom by buttons, keys and the wheel', { timeout: 60_000 }, async () => {
    const { page } = live;
    const width = async () => (await bar().locator('.number').textContent())!;
    await bar().getByRole('button', { name: 'Zoom in' }).click();
    await bar().getByText('13 s wide').waitFor();
    await page.locator('body').press('+');
    await bar().getByText('7.8 s wide').waitFor();
    expect(await speed('Live').getAttribute('aria-pressed')).toBe('true');
    await page.locator('body').press('-');
    await bar().getByText('13 s wide').waitFor();
    await page.locator('.plot canvas').hover();
    await page.mouse.wheel(0, -400);
    await expect.poll(width).toContain('4.6 s wide');
    // The display stands still under the pointer.
    expect(await speed('Pause').getAttribute('aria-pressed')).toBe('true');
    await speed('Live').click();
  });

  it('are within reach of all, in both themes and on a phone', { timeout: 60_000 }, async () => {
    const { page } = live;
    await speed('Replay payment').click();
    for (const theme of ['dark', 'light']) {
      await page.getByLabel('Theme').selectOption(theme);
      expect(await live.violations()).toEqual([]);
    }
    await speed('Live').click();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('.tabs').getByRole('button', { name: 'Do' }).click();
    await speed('Replay payment').click();
    // What it shows comes into view.
    await page.locator('.plot canvas').waitFor();
    expect(await page.locator('.stage').isVisible()).toBe(false);
    await bar().getByRole('button', { name: 'Again' }).waitFor();
    const { left, right } = (await drawn())!;
    expect(right - left).toBeGreaterThan(80);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await live.violations()).toEqual([]);
  });
});
