import type { PaymentReport } from '../spv/verify/payment-report.ts';
import { bold, dim } from './output.ts';
import { t, translate } from './text/texts.ts';
import { padEnd } from './text/width.ts';

type Verified = Extract<PaymentReport, { verified: true }>;

/** Work from here on, in expected hashes, is rounded to four digits. */
const EXACT_BELOW = 1_000_000n;

/** Formats a report as text: the path from the transaction to the chain tip, what is proved, and what is not. */
export function formatPaymentReport(
  report: PaymentReport,
  { network, source }: { network: string; source: string },
): string {
  if (!report.verified) return t`${bold(t`Not proved`)}: ${translate(report.reason)}.`;
  const { height, confirmations } = report;
  const depth = confirmations === 1 ? t`${1} confirmation` : t`${confirmations} confirmations`;
  const from = translate(source);
  return [
    t`${bold(t`Proved`)}: block ${height} of ${network} contains the transaction; ${depth} (source: ${from})`,
    '',
    ...pathLines(report),
    '',
    bold(t`Proved`),
    ...report.proved.map(({ text }) => `  + ${translate(text)}`),
    bold(t`Not proved`),
    ...report.notproved.map(({ text }) => `  - ${translate(text)}`),
  ].join('\n');
}

/** Lines from the transaction up its merkle branch to the block, and on to the tip. */
function pathLines(report: Verified): string[] {
  const { txid, position, path, merkleroot, blockhash, height, time, confirmations, workontop, tip } = report;
  const on = confirmations - 1;
  return [
    line(t`transaction`, txid, t`at position ${position}`),
    ...path.flatMap(({ sibling, side, parent }, i) => [
      dim(line(`  ├ ${isAlone(report, i) ? t`itself` : side === 'left' ? t`left` : t`right`}`, sibling)),
      line(i === path.length - 1 ? `  ${t`merkle root`}` : `  └ ${t`hash`}`, parent),
    ]),
    ...(path.length === 0 ? [line(`  ${t`merkle root`}`, merkleroot, t`the only transaction of the block`)] : []),
    line(`  ${t`block ${height}`}`, blockhash, date(time)),
    on === 0
      ? line(`  ${t`nothing on top`}`, '')
      : line(`  ${t`${on} on top`}`, t`${hashes(workontop)} expected hashes`),
    line(
      `  ${t`tip ${tip.height}`}`,
      tip.hash,
      t`${date(tip.time)}; ${hashes(tip.work)} expected hashes in the headers`,
    ),
  ].map((text) => text.trimEnd());
}

function line(label: string, value: string, more = ''): string {
  return `${padEnd(label, 15)}  ${value}${more === '' ? '' : `  ${more}`}`;
}

/** Returns whether the node at this step has no sibling and is hashed with itself. */
function isAlone({ txid, path }: Verified, step: number): boolean {
  return path[step]!.sibling === (step === 0 ? txid : path[step - 1]!.parent);
}

function date(time: number): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z');
}

function hashes(text: string): string {
  const work = BigInt(text);
  return work < EXACT_BELOW ? work.toLocaleString('en') : Number(work).toPrecision(4);
}
