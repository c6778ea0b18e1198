import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PAGE_FOLDER } from '../../src/node/page-folder.ts';
import { lessonOf } from '../../src/web/lessons/index.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';
import { waitFor } from '../support/wait.ts';

/** Milliseconds for a lesson, also on a slow machine. */
const TIMEOUT = 180_000;

describeChromium('lessons on the live page', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;
  const link = () => `${control.url.replace('ws:', 'http:')}#token=${control.token}`;

  beforeAll(async () => {
    expect(existsSync(PAGE_FOLDER), '`npm run build` makes the page').toBe(true);
    network = await createNetwork({
      nodes: (['central', 'wallet', 'miner', 'light'] as const).map((name) => ({
        ...{ name, role: name },
        ...(name === 'wallet' ? { accounts: [0, 1] } : {}),
      })),
      links: ['wallet', 'miner', 'light'].map((name) => ({ between: [name, 'central'] })),
      accounts: 2,
    });
    network.mining = { transactions: 5 };
    control = await NetworkControl.start(network, { name: 'lessons', port: 0 });
    live = await LivePage.open(link());
    live.page.setDefaultTimeout(60_000);
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const lesson = () => live.page.locator('.lesson');
  const button = (name: string) => lesson().getByRole('button', { name, exact: true });
  /** The number of a step, in a state. */
  const step = (number: number, state: string) =>
    lesson().locator(`.lesson-steps li:nth-child(${number}) button[data-state=${state}]`);
  const heading = () => lesson().getByRole('heading', { level: 3 }).first();
  const asBefore = async () => {
    await waitFor(() => network.nodes.every(({ status }) => status === 'running'));
    await waitFor(() => JSON.stringify(network.mining) === '{"transactions":5}');
    expect(network.links.filter(({ isCut }) => isCut)).toEqual([]);
    await network.synced();
  };

  it('shows the nine steps to the end, dims the rest, and opens the evidence', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Lessons' }).click();
    await button('Nine steps of a payment').click();
    await heading().getByText('1. The central node has a blockchain').waitFor();
    expect(page.url()).toContain('#/lesson/nine-steps/1');
    const { steps } = lessonOf('nine-steps')!;
    // What the step does not speak of is dim: its nodes, and its views.
    const node = (name: string) => page.locator('button.node', { has: page.locator('strong', { hasText: name }) });
    await page.locator('button.node.dim', { hasText: 'miner' }).waitFor();
    expect(await node('central').getAttribute('class')).not.toContain('dim');
    expect(await page.locator('section.diagram').getAttribute('class')).toContain('dim');
    expect(await page.locator('section.tree').getAttribute('class')).not.toContain('dim');
    for (const [i, { title }] of steps.entries()) {
      await heading()
        .getByText(`${i + 1}. ${title.en}`)
        .waitFor();
      await button('Do it').click();
      await step(i + 1, 'done').waitFor();
      expect(await lesson().locator('.evidence dd').count()).toBeGreaterThan(0);
      if (i === 1) {
        await lesson().getByText('pier start wallet').waitFor();
        for (const theme of ['dark', 'light']) {
          await page.getByLabel('Theme').selectOption(theme);
          expect(await live.violations()).toEqual([]);
        }
      }
      if (i === 4) {
        // Read again, and on: nothing happens twice.
        await button('Back').click();
        await heading().getByText('4. ').waitFor();
        expect(await lesson().locator('[aria-current=step]').textContent()).toBe('4');
        await button('Next').click();
      }
      if (i < steps.length - 1) await button('Next').click();
    }
    await lesson().getByText('The lesson is over.').waitFor();
    await asBefore();
    // The evidence is what the nodes have.
    const { tip } = await network.node('wallet').view();
    await step(8, 'done').click();
    await lesson()
      .locator('.evidence')
      .getByRole('button', { name: tip.slice(-4) })
      .click();
    await page.locator('.inspector dd.value', { hasText: tip }).waitFor();
    expect(page.url()).toContain(`#/block/${tip}`);
    // The lesson stays beside the inspector, and is what a closed inspector leads to.
    await heading().getByText('8. ').waitFor();
    await page.locator('.inspector').getByRole('button', { name: 'Close' }).click();
    await page.locator('.inspector').waitFor({ state: 'detached' });
    expect(page.url()).toContain('#/lesson/nine-steps/8');
    await button('Leave').click();
    await lesson().waitFor({ state: 'detached' });
    expect(await page.locator('.dim').count()).toBe(0);
  });

  it('plays the fork by itself, and is driven by the keyboard', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    await page.evaluate("location.hash = '#/lesson/fork'");
    await heading().getByText('1. One network, one chain').waitFor();
    await page.keyboard.press('p');
    await lesson().getByRole('button', { name: 'Pause', pressed: true }).waitFor();
    // The first step by itself; the time to read the others is cut short.
    await step(1, 'done').waitFor();
    for (let number = 2; number <= 8; number++) {
      await waitFor(async () => {
        if ((await step(number, 'done').count()) > 0) return true;
        await page.keyboard.press('ArrowRight');
        return false;
      });
    }
    await lesson().getByText('The lesson is over.').waitFor();
    await asBefore();
    // The branch that has lost is in the tree.
    await step(6, 'done').click();
    const lost = lesson().locator('.evidence dt', { hasText: 'block that has lost' }).locator('+ dd');
    const tag = (await lost.textContent())!.trim().slice(-4);
    await page.locator('.tree text', { hasText: tag }).waitFor();
    await page.keyboard.press('ArrowLeft');
    await heading().getByText('5. ').waitFor();
    // Keys of a field are its own.
    await page.getByRole('search').getByRole('textbox').press('ArrowLeft');
    expect(await heading().textContent()).toContain('5. ');
    await heading().click();
    await page.keyboard.press('Escape');
    await lesson().waitFor({ state: 'detached' });
  });

  it('restores the network when it is left half way, closed or loaded again', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    await page.evaluate("location.hash = '#/lesson/nine-steps/1'");
    await button('Do it').click();
    await step(1, 'done').waitFor();
    expect(network.node('wallet').status).toBe('stopped');
    await page.goBack();
    await lesson().waitFor({ state: 'detached' });
    await asBefore();
    await page.evaluate("location.hash = '#/lesson/fork/2'");
    await button('Do it').click();
    await step(2, 'done').waitFor();
    expect(network.links.filter(({ isCut }) => isCut)).toHaveLength(1);
    await page.reload();
    await heading().getByText('2. ').waitFor();
    await asBefore();
    await button('Leave').click();
    await lesson().waitFor({ state: 'detached' });
  });

  it('speaks Chinese, at the width of a phone', { timeout: TIMEOUT }, async () => {
    const { page } = live;
    await page.getByLabel('Language').selectOption('zh');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate("location.hash = '#/lesson/nine-steps'");
    await heading().getByText('1. 中心节点拥有区块链').waitFor();
    await button('执行').click();
    await step(1, 'done').waitFor();
    await lesson().getByText('最佳区块').waitFor();
    // One view at a time: the next step speaks of another one than the tree.
    await page.getByRole('button', { name: '区块树' }).click();
    await button('下一步').click();
    await page.locator('main[data-view=stage]').waitFor();
    expect(await live.violations()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await button('退出').click();
    await lesson().waitFor({ state: 'detached' });
    await asBefore();
    await page.evaluate("location.hash = '#/lesson/none'");
    await lesson().getByText('没有名为 none 的课程。').waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByLabel('语言').selectOption('en');
    await page.evaluate("location.hash = '#/'");
  });

  it('watches the steps that the network plays itself', { timeout: TIMEOUT }, async () => {
    const fact = (value: number) => [{ node: 'central', label: 'height', value }];
    control.report({ step: 1, title: 'one', facts: fact(4711) });
    await step(2, 'running').waitFor();
    await lesson().getByText('The network plays these steps itself').waitFor();
    expect(await button('Next').isDisabled()).toBe(true);
    // A page that is opened later shows them, too.
    control.report({ step: 2, title: 'two', facts: fact(4712) });
    const other = await LivePage.open(link());
    try {
      await other.page.locator('.lesson-steps li:nth-child(3) button[data-state=running]').waitFor();
      await other.page.locator('.lesson-steps li:nth-child(2) button').click();
      await other.page.locator('.evidence dd', { hasText: '4712' }).waitFor();
      expect(other.errors).toEqual([]);
    } finally {
      await other.close();
    }
    for (let number = 3; number <= 10; number++) control.report({ step: number, title: 'later', facts: fact(number) });
    await step(10, 'done').waitFor();
    await button('From the beginning').waitFor();
    await button('Leave').click();
    await lesson().waitFor({ state: 'detached' });
    // What is over is not shown again.
    const late = await LivePage.open(link());
    try {
      await late.page.locator('button.node').first().waitFor();
      expect(await late.page.locator('.lesson').count()).toBe(0);
    } finally {
      await late.close();
    }
  });

  it('makes no error', () => {
    expect(live.errors).toEqual([]);
  });
});

describeChromium('lessons on four full nodes without roles', () => {
  it('say what is missing and add it, name their nodes, and play to the end', { timeout: TIMEOUT }, async () => {
    await using network = await createNetwork({ nodes: 4, accounts: 1 });
    const control = await NetworkControl.start(network, { name: 'plain', port: 0 });
    const live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
    const { page } = live;
    page.setDefaultTimeout(60_000);
    const lesson = page.locator('.lesson');
    const item = (title: string) => lesson.locator('.lessons li', { has: page.getByRole('button', { name: title }) });
    const play = async (id: string, last: number) => {
      await page.evaluate((to) => {
        location.hash = to;
      }, `#/lesson/${id}/${last}`);
      // The steps before it, too.
      await lesson.getByRole('button', { name: 'Do it', exact: true }).click();
      await lesson.getByText('The lesson is over.').waitFor();
      expect(await lesson.locator('button[data-state=done]').count()).toBe(last);
    };
    try {
      await page.getByRole('button', { name: 'Lessons', exact: true }).click();
      const [steps, doubleSpend] = [item('Nine steps'), item('Double spends')];
      await steps.getByText('It needs a light node').waitFor();
      expect(await steps.getByRole('button', { name: 'Nine steps' }).isDisabled()).toBe(true);
      expect(await steps.locator('code').allTextContents()).toEqual(['pier add light --role light']);
      // The page cannot give a network accounts.
      expect(await doubleSpend.locator('code').allTextContents()).toEqual(['pier up --accounts 2']);
      expect(await doubleSpend.getByRole('button').count()).toBe(1);
      for (const theme of ['dark', 'light']) {
        await page.getByLabel('Theme').selectOption(theme);
        expect(await live.violations()).toEqual([]);
      }
      await steps.getByRole('button', { name: 'Add the node' }).click();
      await steps.getByText('It needs a light node').waitFor({ state: 'detached' });
      expect(network.node('light').role).toBe('light');
      await steps.getByRole('button', { name: 'Nine steps' }).click();
      await lesson.getByText('The other nodes of this lesson are stopped. The central node (node2) mines').waitFor();
      expect(await lesson.locator('.cast div').allTextContents()).toEqual([
        ...['central nodenode2', 'wallet nodenode1', 'minernode3', 'light nodelight'],
      ]);
      await play('nine-steps', 10);
      // The list leads back to the lesson that is open.
      await page.getByRole('button', { name: 'Lessons', exact: true }).click();
      await steps.getByText('in progress').waitFor();
      await page.keyboard.press('Escape');
      await lesson.getByText('The lesson is over.').waitFor();
      expect(page.url()).toContain('#/lesson/nine-steps/10');
      // Escape ends a division, not the lesson.
      await page.getByRole('button', { name: 'Divide …' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Divide …', pressed: false }).waitFor();
      await play('fork', 8);
      await page.getByRole('button', { name: 'Lessons', exact: true }).click();
      await item('A fork').getByText('in progress').waitFor();
      await lesson.getByRole('button', { name: 'Close', exact: true }).click();
      await lesson.getByRole('button', { name: 'Leave', exact: true }).click();
      await lesson.waitFor({ state: 'detached' });
      // Without an open lesson, it closes.
      await page.getByRole('button', { name: 'Lessons', exact: true }).click();
      await lesson.getByRole('button', { name: 'Close', exact: true }).click();
      await lesson.waitFor({ state: 'detached' });
      expect(live.errors).toEqual([]);
    } finally {
      await live.close();
      await control.close();
    }
  });
});
