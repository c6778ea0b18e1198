import { expect, it } from 'vitest';
import { formatPaymentReport } from '../../src/cli/payment-report-text.ts';
import { regtest } from '../../src/consensus/params.ts';
import { paymentReport } from '../../src/spv/verify/payment-report.ts';
import { verifySelfContained } from '../../src/spv/verify/proof-file.ts';
import { blocksOf, proofIn } from '../spv/support/proved-payment.ts';

const blocks = blocksOf([0, 4, 0]);
const about = { network: 'regtest', source: 'a test' };

function reportLines(height: number, position: number): string[] {
  const verdict = verifySelfContained(regtest, proofIn(blocks, height, position), { nowSeconds: 1_770_000_000 });
  return formatPaymentReport(paymentReport(verdict), about).split('\n');
}

it('shows siblings with their side, self-paired hashes, and the blocks on top', () => {
  const { txidHex } = blocks[2]!.transactions[4]!;
  const lines = reportLines(2, 4);
  expect(lines[0]).toMatch(/block 2 of regtest contains the transaction; 2 confirmations \(source: a test\)$/);
  expect(lines[2]).toBe(`transaction      ${txidHex}  at position 4`);
  expect(lines[3]).toBe(`  ├ itself       ${txidHex}`);
  expect(lines[5]).toBe(`  ├ itself       ${lines[4]!.slice(17)}`);
  expect(lines[7]).toMatch(/^ {2}├ left/);
  expect(lines[9]).toBe(`  block 2        ${blocks[2]!.hashHex}  2011-02-02T23:36:42Z`);
  expect(lines[10]).toBe('  1 on top       2 expected hashes');
});

it('shows the only transaction of the tip', () => {
  const lines = reportLines(3, 0);
  expect(lines[0]).toContain('1 confirmation ');
  expect(lines.slice(3, 6).map((line) => line.slice(0, 16).trim())).toEqual([
    'merkle root',
    'block 3',
    'nothing on top',
  ]);
});

it('reports why a payment is not proved', () => {
  const report = { verified: false, flaw: 'wrong-root', reason: 'the branch leads elsewhere' } as const;
  expect(formatPaymentReport(report, about)).toBe('Not proved: the branch leads elsewhere.');
});
