import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { proofToJson } from '../../src/spv/verify/proof-file.ts';
import { describeChromium, renderPage } from '../support/chromium.ts';
import { blocksOf, proofIn } from './support/proved-payment.ts';

interface Layer {
  readonly name: string;
  readonly page?: true | readonly string[];
  readonly node?: readonly string[];
}

const layers = createRequire(import.meta.url)('../../scripts/layers.cjs') as readonly Layer[];
const blocks = blocksOf([0, 4, 0]);
const honest = proofToJson(proofIn(blocks, 2, 3));

/** Returns the headers with other bits (hex, little-endian) in the last one; only the nonce follows the bits. */
function withTarget(bits: string): string {
  const { hex } = honest.headers;
  return hex.slice(0, -16) + bits + hex.slice(-8);
}

const texts = {
  honest: JSON.stringify(honest),
  // `forged`: the branch is reversed. `easier`: the last header has a wrong target.
  forged: JSON.stringify({ ...honest, branch: honest.branch.toReversed() }),
  easier: JSON.stringify({ ...honest, headers: { ...honest.headers, hex: withTarget('feff7f20') } }),
};
/** The script of a page that verifies a proof. */
const page = `
  function verify(text) {
    const proof = pier.proofFromJson(text);
    const verdict = pier.verifySelfContained(pier.chainParams('regtest'), proof, { nowSeconds: 1770000000 });
    const report = pier.paymentReport(verdict);
    return report.verified ? report.height + ' ' + report.txid : report.flaw;
  }`;

/** Returns the path of a layer's entry, quoted. */
function entryOf(layer: string): string {
  return JSON.stringify(fileURLToPath(new URL(`../../src/${layer}/index.ts`, import.meta.url)));
}

/** Bundles this code into one script that defines \`pier\`. Warnings of the bundler are errors. */
async function bundle(code: string): Promise<string> {
  const built = await rolldown({
    input: 'entry',
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? id : undefined),
        load: (id) => (id === 'entry' ? code : undefined),
      },
    ],
    onLog: (_level, log) => {
      // Where Node is absent, nothing asks for the path of the module that loads native code.
      if (log.code === 'EMPTY_IMPORT_META') return;
      throw new Error(`bundler warning: ${log.message}`);
    },
  });
  const { output } = await built.generate({ format: 'iife', name: 'pier' });
  await built.close();
  return output[0].code;
}

const verdicts = [`2 ${blocks[2]!.transactions[3]!.txidHex}`, 'wrong-root', 'invalid-header'];
let script: string;

beforeAll(async () => {
  script = await bundle(`
    export { chainParams } from ${entryOf('consensus')};
    export { paymentReport, proofFromJson, verifySelfContained } from ${entryOf('spv')};`);
});

describe('without the Node.js API', () => {
  it('the verifier accepts a valid proof and rejects wrong ones', () => {
    // Only the language's own globals, and TextEncoder, which every page has.
    const context = createContext({ TextEncoder, console: undefined });
    for (const name of ['process', 'require', 'Buffer', 'global', 'setImmediate']) {
      expect([name, runInContext(`typeof ${name}`, context)]).toEqual([name, 'undefined']);
    }
    runInContext(`${script};${page}`, context);
    const results = Object.values(texts).map((text) => runInContext(`verify(${JSON.stringify(text)})`, context));
    expect(results).toEqual(verdicts);
    // Docstrings are kept in the bundle; lines of comments begin with an asterisk.
    expect(script).not.toMatch(/^[^*]*\bfrom\s*["']node:/m);
  });

  it('the entries of all page layers load', async () => {
    // The bundles of `browser` and `web` have tests of their own.
    const isWhole = ({ name, page, node = [] }: Layer) =>
      page === true && !node.includes('index.ts') && !['browser', 'web'].includes(name);
    const names = layers.filter(isWhole).map(({ name }) => name);
    const all = await bundle(names.map((name) => `export * as ${name} from ${entryOf(name)};`).join('\n'));
    const context = createContext({ TextEncoder, TextDecoder, crypto, console: undefined });
    runInContext(all, context);
    expect(runInContext('Object.keys(pier)', context).sort()).toEqual(names.sort());
  });
});

describeChromium('in a browser', () => {
  it('a page accepts a valid proof and rejects wrong ones', { timeout: 60_000 }, async () => {
    const html = await renderPage(`<!doctype html><meta charset="utf-8"><pre id="verdicts">nothing has run</pre>
<script>${script.replaceAll('</script', '<\\/script')}</script>
<script>${page}
  document.getElementById('verdicts').textContent = JSON.stringify(${JSON.stringify(Object.values(texts))}.map(verify));
</script>`);
    expect(JSON.parse(/<pre id="verdicts">(.*?)<\/pre>/s.exec(html)![1]!)).toEqual(verdicts);
  });
});
