import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { NetworkControl } from '../dist/control/index.js';
import { createNetwork } from '../dist/devnet/index.js';

// Takes pictures of the live page of a real network in Chromium (PIER_CHROMIUM, or /usr/bin/chromium). Without arguments, those
// of the READMEs; with a folder, every view in both themes and languages, at the widths of a desk and of a phone, to be looked at.

const [folder] = process.argv.slice(2);
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const network = await createNetwork({
  nodes: [
    { name: 'central', role: 'central', accounts: [], p2p: true },
    { name: 'wallet', role: 'wallet', accounts: [0, 1, 2] },
    { name: 'miner', role: 'miner' },
    { name: 'full', role: 'full' },
    { name: 'light', role: 'light' },
  ],
  links: [
    { between: ['wallet', 'central'], latency: 60 },
    { between: ['miner', 'central'], latency: 300 },
    { between: ['full', 'central'], latency: 150 },
    { between: ['full', 'miner'], latency: 500 },
    { between: ['light', 'central'], latency: 30 },
    { between: ['light', 'wallet'], latency: 30 },
  ],
  accounts: 3,
});
const control = await NetworkControl.start(network, { name: 'demo', port: 0 });
const browser = await chromium.launch({
  executablePath: process.env.PIER_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  if (folder === undefined) await takeForReadmes();
  else await takeAll(folder);
} finally {
  await browser.close();
  await control.close();
  await network.close();
}

/** Opens the page. */
async function open(language, theme, viewport) {
  const context = await browser.newContext({
    viewport,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    colorScheme: theme,
  });
  const page = await context.newPage();
  await page.goto(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  await page.locator('button.node').first().waitFor();
  return page;
}

/** Lets the network fork and heal, and pays; the pages follow it. Returns the id of a payment that is confirmed. */
async function live() {
  const [alice, bob, carol] = network.accounts;
  const payment = await alice.pay(bob, '1.5');
  await bob.pay(carol, '0.25', { feeRate: 12 });
  await network.mine(1, { by: 'miner' });
  await network.partition([['miner'], ['central', 'wallet', 'full', 'light']]);
  await network.mine(1, { by: 'central', to: bob });
  await network.mine(2, { by: 'miner' });
  await network.heal();
  await network.mine(1, { by: 'full' });
  return payment.txid;
}

/** Pays, and mines a block; stops the pages while it is on its way. */
async function catchBlock(pages) {
  const [alice, bob, carol] = network.accounts;
  for (const feeRate of [2, 5, 9, 20]) await alice.pay(carol, '0.1', { feeRate });
  await sleep(400);
  const mining = network.mine(1, { by: 'miner' });
  await carol.pay(bob, '0.5', { feeRate: 3 });
  await sleep(650);
  await Promise.all(pages.map((page) => page.locator('.speeds button').nth(1).click()));
  await mining;
  await sleep(500);
}

async function takeForReadmes() {
  const kinds = [
    ['en', 'light', 'docs/page.png'],
    ['en', 'dark', 'docs/page-dark.png'],
    ['zh', 'light', 'docs/zh/page.png'],
    ['zh', 'dark', 'docs/zh/page-dark.png'],
  ];
  const pages = await Promise.all(kinds.map(([language, theme]) => open(language, theme, desk)));
  await live();
  await catchBlock(pages);
  for (const [i, [, , path]] of kinds.entries()) await pages[i].screenshot({ path });
}

async function takeAll(to) {
  mkdirSync(to, { recursive: true });
  const kinds = ['en', 'zh'].flatMap((language) =>
    ['light', 'dark'].flatMap((theme) => [desk, phone].map((viewport) => [language, theme, viewport])),
  );
  const txid = await live();
  const { tip } = await network.node('central').view();
  const { address } = network.accounts[0];
  const views = {
    none: '#/',
    block: `#/block/${tip}`,
    transaction: `#/transaction/${txid}`,
    proof: `#/proof/${txid}`,
    script: `#/script/${txid}/0`,
    node: '#/node/central',
    link: '#/link/miner/central',
    wallets: '#/wallets',
    wallet: `#/wallet/wallet/${network.accounts[0].wallet}`,
    address: `#/address/${address}`,
    mempools: '#/mempools',
    mining: '#/mining',
    lessons: '#/lesson',
    lesson: '#/lesson/nine-steps/1',
  };
  for (const [language, theme, viewport] of kinds) {
    const name = `${language}-${theme}-${viewport.width}`;
    const page = await open(language, theme, viewport);
    // A page knows what has happened since it was opened.
    await network.mine(1, { by: 'miner' });
    await network.accounts[0].pay(network.accounts[1], '0.3');
    for (const [view, hash] of Object.entries(views)) {
      await page.evaluate((to) => {
        location.hash = to;
      }, hash);
      await sleep(700);
      await page.screenshot({ path: join(to, `${name}-${view}.png`) });
    }
    await page.evaluate(() => {
      location.hash = '#/link/miner/central';
    });
    await page.locator('.messages button').first().click();
    await sleep(700);
    await page.screenshot({ path: join(to, `${name}-message.png`) });
    await page.keyboard.press('Control+k');
    await page.locator('.command-bar input').fill('pay 0 1 2');
    await page.screenshot({ path: join(to, `${name}-bar.png`) });
    await page.context().close();
  }
}
