import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { proofToJson } from '../../src/spv/verify/proof-file.ts';
import { describeChromium, renderPage } from '../support/chromium.ts';
import { blocksOf, proofIn } from './support/proved-payment.ts';

const blocks = blocksOf([0, 4, 0]);
const honest = proofToJson(proofIn(blocks, 2, 3));

/** The headers with these bits, in the order of the bytes, in the last one: the nonce alone follows them. */
function withTarget(bits: string): string {
  const { hex } = honest.headers;
  return hex.slice(0, -16) + bits + hex.slice(-8);
}

const texts = {
  honest: JSON.stringify(honest),
  // The hashes of the branch the other way round, and another target in the last header than the rules ask for.
  forged: JSON.stringify({ ...honest, branch: honest.branch.toReversed() }),
  easier: JSON.stringify({ ...honest, headers: { ...honest.headers, hex: withTarget('feff7f20') } }),
};
/** What a page does with a proof. */
const page = `
  function judge(text) {
    const proof = pier.proofFromJson(text);
    const verdict = pier.verifySelfContained(pier.chainParams('regtest'), proof, { nowSeconds: 1770000000 });
    const report = pier.paymentReport(verdict);
    return report.verified ? report.height + ' ' + report.txid : report.flaw;
  }`;

/** The verifier as one script for pages, which defines \`pier\`; warnings of the bundler are errors. */
async function bundle(): Promise<string> {
  const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));
  const entry = `
    export { chainParams } from ${source('consensus/params.ts')};
    export { proofFromJson, verifySelfContained } from ${source('spv/verify/proof-file.ts')};
    export { paymentReport } from ${source('spv/verify/payment-report.ts')};`;
  const built = await rolldown({
    input: 'entry',
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? id : undefined),
        load: (id) => (id === 'entry' ? entry : undefined),
      },
    ],
    onLog: (_level, log) => {
      throw new Error(`the bundler says: ${log.message}`);
    },
  });
  const { output } = await built.generate({ format: 'iife', name: 'pier' });
  await built.close();
  return output[0].code;
}

const verdicts = [`2 ${blocks[2]!.transactions[3]!.txidHex}`, 'wrong-root', 'invalid-header'];
let script: string;

beforeAll(async () => {
  script = await bundle();
});

describe('without anything of Node', () => {
  it('the verifier proves what is true, and refuses what is not', () => {
    // As bare as the language itself, but for what every page has.
    const context = createContext({ TextEncoder, console: undefined });
    for (const name of ['process', 'require', 'Buffer', 'global', 'setImmediate']) {
      expect([name, runInContext(`typeof ${name}`, context)]).toEqual([name, 'undefined']);
    }
    runInContext(`${script};${page}`, context);
    const judged = Object.values(texts).map((text) => runInContext(`judge(${JSON.stringify(text)})`, context));
    expect(judged).toEqual(verdicts);
    expect(script).not.toMatch(/\bfrom\s*["']node:/);
  });
});

describeChromium('in a browser', () => {
  it('a page proves what is true, and refuses what is not', { timeout: 60_000 }, async () => {
    const html = await renderPage(`<!doctype html><meta charset="utf-8"><pre id="verdicts">nothing has run</pre>
<script>${script.replaceAll('</script', '<\\/script')}</script>
<script>${page}
  document.getElementById('verdicts').textContent = JSON.stringify(${JSON.stringify(Object.values(texts))}.map(judge));
</script>`);
    expect(JSON.parse(/<pre id="verdicts">(.*?)<\/pre>/s.exec(html)![1]!)).toEqual(verdicts);
  });
});
