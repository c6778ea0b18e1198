import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainParams } from '../../src/consensus/params.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import { paymentReport } from '../../src/spv/verify/payment-report.ts';
import { proofFromJson, verifySelfContained } from '../../src/spv/verify/proof-file.ts';
import { BrowserPage } from '../support/browser-page.ts';
import { describeChromium } from '../support/chromium.ts';

/** What a page loads, as `npm run build` makes it. */
const bundle = fileURLToPath(new URL('../../dist/browser/index.js', import.meta.url));
/** Bytes of the bundle at most, compressed as a server sends it. */
const MAX_COMPRESSED = 600_000;

describe('the bundle for pages', () => {
  it('is small', () => {
    const bytes = readFileSync(bundle);
    expect(gzipSync(bytes).length).toBeLessThan(MAX_COMPRESSED);
    expect(brotliCompressSync(bytes).length).toBeLessThan(MAX_COMPRESSED);
  });
});

describeChromium('networks in a page', () => {
  let page: BrowserPage;
  beforeAll(async () => {
    page = await BrowserPage.open({
      '/index.html': '<!doctype html><meta charset="utf-8"><title>Pier</title>',
      '/pier.js': { file: bundle },
    });
  }, 60_000);
  afterAll(() => page?.close());
  const run = (body: string) => page.run(`const pier = await import('/pier.js'); ${body}`);

  it('mine, pay, divide, reorganise and revert', { timeout: 240_000 }, async () => {
    const result = await run(`
      const network = await pier.createNetwork({ nodes: 3 });
      const views = () => Promise.all(network.nodes.map((node) => node.view()));
      const heights = async () => (await views()).map(({ height }) => height);
      const tips = async () => new Set((await views()).map(({ tip }) => tip)).size;
      const [start] = await heights();

      const mined = (await network.mine(101)).length;
      const grown = (await heights()).map((height) => height - start);

      const [alice, bob] = network.accounts;
      const payment = await alice.pay(bob, '1.5');
      await payment.seenBy('all');
      await network.mine();
      await payment.confirmed();
      const balance = String(await bob.balance());

      const [a, b, c] = network.nodes;
      await network.partition([[a, b], [c]]);
      await network.mine(1, { by: a });
      await network.mine(2, { by: c });
      const divided = await tips();
      await network.heal();
      const healed = [await tips(), (await a.view()).tip === (await c.view()).tip];

      const before = await heights();
      const id = await network.snapshot();
      const reorg = await network.reorg({ depth: 2 });
      const after = await heights();
      await network.revert(id);
      const reverted = await heights();

      const bytes = await network.saveState();
      const coins = await a.call('gettxoutsetinfo', ['muhash']);
      await network.close();
      const again = await pier.createNetwork({ state: bytes });
      const restored = await Promise.all(again.nodes.map(async (node) => (await node.view()).height));
      await again.close();
      const state = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
      return { mined, grown, balance, divided, healed, before, after, reverted, restored, state, coins };`);
    const { before, state, coins, ...rest } = result as {
      readonly before: readonly number[];
      readonly state: string;
      readonly coins: Readonly<Record<string, unknown>>;
    };
    const [height] = before as [number];
    expect(before).toEqual([height, height, height]);
    expect(rest).toEqual({
      ...{ mined: 101, grown: [101, 101, 101], balance: '5150000000', divided: 2, healed: [1, true] },
      ...{ after: [height + 1, height + 1, height + 1], reverted: before, restored: before },
    });
    // Node restores the state of a page, with the same coins.
    const restored = await createNetwork({ state: Buffer.from(state, 'base64') });
    try {
      expect(await restored.nodes[0]!.call('gettxoutsetinfo', ['muhash'])).toEqual(coins);
    } finally {
      await restored.close();
    }
    expect(page.errors).toEqual([]);
  });

  it('have light nodes, which find payments and prove them', { timeout: 240_000 }, async () => {
    const result = await run(`
      const network = await pier.createNetwork({ nodes: [{}, {}, {}, { name: 'phone', role: 'light' }] });
      const phone = network.node('phone');
      await phone.call('createwallet', ['phone']);
      const payment = await network.faucet(await phone.call('getnewaddress'), '0.25');
      await payment.seenBy('all');
      await network.mine(2);
      await payment.confirmed();
      // The filter of the block is matched after its header has arrived.
      let balance;
      while (!(balance = await phone.call('getbalance'))) await new Promise((resolve) => setTimeout(resolve, 5));
      const { height } = await phone.call('getpaymentproof', [payment.txid]);
      const proof = JSON.stringify(await phone.call('exportpaymentproof', [payment.txid]));
      const tip = await phone.view();
      await network.close();
      return { balance, confirmations: tip.height - height + 1, txid: payment.txid, proof };`);
    const { txid, proof, ...rest } = result as { readonly txid: string; readonly proof: string };
    expect(rest).toEqual({ balance: 0.25, confirmations: 2 });
    const verdict = verifySelfContained(chainParams('regtest'), proofFromJson(proof), {
      nowSeconds: Date.now() / 1000,
    });
    expect(paymentReport(verdict)).toMatchObject({ verified: true, txid });
    expect(page.errors).toEqual([]);
  });

  it('are controlled in the page over a message port', { timeout: 240_000 }, async () => {
    const result = await run(`
      const network = await pier.createNetwork({ nodes: 2, accounts: 2 });
      const service = new pier.ControlService(network, { name: 'page' });
      const { port1, port2 } = new MessageChannel();
      service.attachPort(port1);
      const client = pier.connectPort(port2);
      const { name, nodes } = await client.call('status');
      const events = await client.events({ types: ['block'] });
      const { hashes } = await client.call('mine', { blocks: 2 });
      const blocks = [];
      for await (const event of events) if (blocks.push(event.hash) === 4) break;
      const error = await client.call('mine', { by: 'absent' }).catch(({ code }) => code);
      service.close();
      await client.closed;
      const ended = await client.call('status').catch(({ code }) => code);
      await network.close();
      return { name, nodes: nodes.length, areAll: hashes.every((hash) => blocks.filter((each) => each === hash).length === 2), error, ended };`);
    expect(result).toEqual({ name: 'page', nodes: 2, areAll: true, error: 'unknown-node', ended: 'disconnected' });
    expect(page.errors).toEqual([]);
  });

  it('are shown by the page in examples/', { timeout: 240_000 }, async () => {
    const example = await BrowserPage.open({
      '/index.html': { file: fileURLToPath(new URL('../../examples/network-in-a-page.html', import.meta.url)) },
      '/dist/browser/index.js': { file: bundle },
    });
    try {
      const text = await example.run(`
        const nodes = document.getElementById('nodes');
        const changed = (text) => new Promise((resolve) => {
          const look = () => nodes.textContent !== text && (observer.disconnect(), resolve(nodes.textContent));
          const observer = new MutationObserver(look);
          observer.observe(nodes, { childList: true });
          look();
        });
        const texts = [await changed('starting')];
        for (const id of ['mine', 'pay', 'divide', 'heal']) {
          document.getElementById(id).click();
          texts.push(await changed(texts.at(-1)));
          // The buttons are enabled after the text has changed.
          while (document.getElementById('heal').disabled) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return texts;`);
      const heights = (text as string[]).map((each) =>
        [...each.matchAll(/height (\d+)/g)].map(([, height]) => +height!),
      );
      const [start] = heights[0] as [number];
      const grown = heights.map((each) => each.map((height) => height - start));
      expect(grown).toEqual([
        ...[
          [0, 0, 0, 0],
          [1, 1, 1, 1],
          [2, 2, 2, 2],
          [3, 3, 4, 4],
          [4, 4, 4, 4],
        ],
      ]);
      expect((text as string[])[2]).toContain('bob    5010000000 satoshis');
      expect(example.errors).toEqual([]);
    } finally {
      await example.close();
    }
  });

  it('say which options a page does not have', { timeout: 60_000 }, async () => {
    const refused = await run(`
      const attempts = [
        { engine: 'processes' },
        { nodes: [{}, { rpc: true }] },
        { nodes: [{ p2p: 18000 }] },
        { nodes: [{}, { kind: 'bitcoind' }] },
        { network: 'classroom' },
        { dataDir: '/tmp' },
        { state: '/tmp/state' },
        { nodes: 0 },
      ];
      const network = await pier.createNetwork({ nodes: 1, accounts: 0 });
      const calls = [...attempts.map((options) => () => pier.createNetwork(options)), () => network.save('/tmp/state')];
      const errors = [];
      for (const call of calls) {
        const error = await call().catch((reason) => reason);
        errors.push([error instanceof pier.PierError, error.code, error.message]);
      }
      await network.close();
      return errors;`);
    const texts = [
      'a web page starts no processes',
      'nodes[1].rpc: a web page has no ports',
      'nodes[0].p2p: a web page has no ports',
      'a bitcoind is a process',
      "a web page has the network regtest only, not 'classroom'",
      'a network in memory has no files',
      'a web page has no files',
      '0 is not a whole number from 1 to 1000',
      'a web page has no files',
    ];
    const codes = texts.map((text) => (text === 'a web page has no files' ? 'no-files' : 'bad-topology'));
    expect(refused).toEqual(texts.map((text, i) => [true, codes[i], expect.stringContaining(text)]));
    expect(page.errors).toEqual([]);
  });
});
