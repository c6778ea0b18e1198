import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

describeChromium('the stage', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;
  const link = () => `${control.url.replace('ws:', 'http:')}#token=${control.token}`;

  /** Returns the labels of nodes, by their names: left, top, right and bottom in pixels. */
  const boxes = async (page = live.page) =>
    new Map(
      await page.locator('button.node').evaluateAll((labels) =>
        labels.map((label): [string, [number, number, number, number]] => {
          const { left, top, right, bottom } = label.getBoundingClientRect();
          return [
            label.getAttribute('title')!,
            [left, top, right, bottom].map(Math.round) as [number, number, number, number],
          ];
        }),
      ),
    );
  const moved = async (name: string, from: readonly number[]) => {
    await live.page.waitForFunction(
      ([title, left, top]) => {
        const box = document.querySelector(`button.node[title=${title}]`)!.getBoundingClientRect();
        return Math.round(box.left) !== left || Math.round(box.top) !== top;
      },
      [name, from[0]!, from[1]!] as const,
    );
    return (await boxes()).get(name)!;
  };

  beforeAll(async () => {
    network = await createNetwork({ nodes: 4, shape: 'ring', accounts: 1 });
    control = await NetworkControl.start(network, { name: 'stage', port: 0 });
    live = await LivePage.open(link());
    await live.page.locator('button.node').nth(3).waitFor();
  }, 60_000);
  afterAll(async () => {
    expect(live?.errors).toEqual([]);
    await live?.close();
    await control?.close();
    await network?.close();
  });

  it('lets nodes be dragged and moved by keys, keeps their places, and arranges them again', {
    timeout: 60_000,
  }, async () => {
    const { page } = live;
    const first = (await boxes()).get('node1')!;
    const node = page.locator('button.node[title=node1]');
    const [x, y] = [(first[0] + first[2]) / 2, (first[1] + first[3]) / 2];
    // Where there is room depends on the size of the ground.
    const ground = (await page.locator('.ground').boundingBox())!;
    const isAbove = y < ground.y + ground.height / 2;
    const down = isAbove ? 1 : -1;
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y + 30 * down);
    await page.mouse.move(x + 120, y + 60 * down);
    await page.mouse.up();
    const dragged = await moved('node1', first);
    expect(dragged[0] - first[0]).toBeGreaterThan(100);
    expect((dragged[1] - first[1]) * down).toBeGreaterThan(45);
    // To drag opens nothing; to click does.
    expect(page.url()).not.toContain('node1');
    await node.press('ArrowLeft');
    const left = await moved('node1', dragged);
    expect([left[0] - dragged[0], left[1] - dragged[1]]).toEqual([-16, 0]);
    await node.press(isAbove ? 'Shift+ArrowDown' : 'Shift+ArrowUp');
    const lower = await moved('node1', left);
    expect([lower[0] - left[0], lower[1] - left[1]]).toEqual([0, 64 * down]);
    await page.reload();
    await page.locator('button.node').nth(3).waitFor();
    await page.getByRole('button', { name: 'Arrange automatically' }).waitFor();
    await page.waitForFunction(
      ([title, left]) =>
        Math.round(document.querySelector(`button.node[title=${title}]`)!.getBoundingClientRect().left) === left,
      ['node1', lower[0]] as const,
    );
    await page.getByRole('button', { name: 'Arrange automatically' }).click();
    expect(await moved('node1', lower)).toEqual(first);
    await node.click();
    await page.getByRole('heading', { name: 'node1' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('cuts the links that a drawn line crosses', { timeout: 60_000 }, async () => {
    const { page } = live;
    const places = [...(await boxes()).values()].sort((a, b) => a[1] - b[1]);
    const [top, bottom] = [places[0]!, places.at(-1)!];
    const ground = (await page.locator('.ground').boundingBox())!;
    // Below the tips of the nodes above, and above the others.
    const y = bottom[1] - 8;
    expect(y).toBeGreaterThan(top[3] + 20);
    const draw = async () => {
      await page.mouse.move(ground.x + 30, y);
      await page.mouse.down();
      for (const share of [0.2, 0.5, 0.8, 0.97]) await page.mouse.move(ground.x + ground.width * share, y);
    };
    await draw();
    const bar = page.locator('.division');
    const command = bar.locator('code');
    // What it would cut is counted before it ends.
    const hint = bar.getByText('Links that the line crosses: ');
    await hint.waitFor();
    const crossed = Number(/\d+/.exec((await hint.textContent())!)![0]);
    await page.keyboard.press('Escape');
    await hint.waitFor({ state: 'detached' });
    await page.mouse.up();
    expect(await command.count()).toBe(0);
    await draw();
    await page.mouse.up();
    await command.waitFor();
    expect(await command.textContent()).toMatch(/^pier (partition|link) node\d/);
    const count = Number(/\d+/.exec((await bar.getByRole('button', { name: /^Cut/ }).textContent())!)![0]);
    expect(network.links.filter(({ isCut }) => isCut)).toHaveLength(0);
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await command.waitFor({ state: 'detached' });
    expect(count).toBeGreaterThan(0);
    expect(count).toBe(crossed);
    // What is drawn goes with Escape, too.
    await draw();
    await page.mouse.up();
    await command.waitFor();
    await page.keyboard.press('Escape');
    await command.waitFor({ state: 'detached' });
  });

  it('divides chosen nodes from the others, as the command that it shows does', { timeout: 60_000 }, async () => {
    const { page } = live;
    const bar = page.locator('.division');
    await bar.getByRole('button', { name: 'Divide …' }).click();
    await page.locator('button.node[title=node1]').click();
    await page.locator('button.node[title=node2]').press('Enter');
    await page.locator('button.node[title=node2][aria-pressed=true]').waitFor();
    await bar.getByText('pier partition node1,node2', { exact: true }).waitFor();
    await bar.getByRole('button', { name: 'Cut 2 links' }).click();
    await bar.getByText('pier partition').waitFor({ state: 'detached' });
    const cut = network.links.filter(({ isCut }) => isCut).map(({ from, to }) => [from, to].sort().join(' '));
    expect(cut.sort()).toEqual(['node1 node4', 'node2 node3']);
    expect(await page.locator('button.node[aria-pressed]').count()).toBe(0);
    // None is left to be cut between them.
    await bar.getByRole('button', { name: 'Divide …' }).click();
    await page.locator('button.node[title=node1]').click();
    await page.locator('button.node[title=node2]').click();
    await bar.getByText('No open link is between them.').waitFor();
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await network.heal();
  });

  it('lights up the nodes that know the block under the pointer', { timeout: 60_000 }, async () => {
    const { page } = live;
    await network.partition([['node1', 'node2']]);
    const [hash] = await network.mine(1, { by: 'node1' });
    const block = page.getByRole('link', { name: new RegExp(`${hash!.slice(-4)}`) });
    await block.hover();
    await page.locator('button.node.lit').nth(1).waitFor();
    const lit = await page
      .locator('button.node.lit')
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('title')));
    expect(lit.sort()).toEqual(['node1', 'node2']);
    await page.mouse.move(5, 5);
    await page.locator('button.node.lit').first().waitFor({ state: 'detached' });
    await network.heal();
  });

  it('is within reach of all in both themes, while nodes are chosen too', { timeout: 60_000 }, async () => {
    const { page } = live;
    await page.locator('.division').getByRole('button', { name: 'Divide …' }).click();
    await page.locator('button.node[title=node1]').click();
    for (const theme of ['light', 'dark']) {
      await page.getByLabel('Theme').selectOption(theme);
      expect(await live.violations()).toEqual([]);
    }
    await page.getByLabel('Language').selectOption('zh');
    await page.getByRole('button', { name: '分割……' }).waitFor();
    await page.getByRole('button', { name: '取消' }).click();
    await page.getByLabel('语言').selectOption('en');
  });

  it('shows fifty nodes that cover each other at no size, without scrolling', { timeout: 120_000 }, async () => {
    const many = await createNetwork({ nodes: 50, accounts: 1 });
    const server = await NetworkControl.start(many, { name: 'many', port: 0 });
    const wide = await LivePage.open(`${server.url.replace('ws:', 'http:')}#token=${server.token}`);
    try {
      const { page } = wide;
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await page.locator('button.node').nth(49).waitFor();
        await page.waitForFunction(
          (width) =>
            [...document.querySelectorAll('button.node')].every((node) => node.getBoundingClientRect().right <= width),
          size.width,
        );
        const all = [...(await boxes(page))];
        const covering = all.flatMap(([name, [left, top, right, bottom]], i) =>
          all
            .slice(i + 1)
            .filter(([, [l, t, r, b]]) => left < r && l < right && top < b && t < bottom)
            .map(([other]) => `${name} covers ${other} at ${size.width}`),
        );
        expect(covering).toEqual([]);
        expect(all.every(([, [left]]) => left >= 0)).toBe(true);
        const scrolls = await page.evaluate(() =>
          ['.ground', '.diagram', 'html'].filter((part) => {
            const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.querySelector(part)!;
            return scrollWidth > clientWidth || (part === '.ground' && scrollHeight > clientHeight);
          }),
        );
        expect(scrolls).toEqual([]);
      }
      await page.setViewportSize(SIZES[0]!);
      const below = await page.evaluate(
        () => document.querySelector('.tree')!.getBoundingClientRect().bottom - window.innerHeight,
      );
      expect(below).toBeLessThanOrEqual(0);
      expect(wide.errors).toEqual([]);
    } finally {
      await wide.close();
      await server.close();
      await many.close();
    }
  });
});
