import { toReversedHex } from '../../bytes/hex.ts';
import type { NotProved, PathStep, PaymentFlaw, PaymentVerdict, Proved } from './verify-payment.ts';

/** A verdict as JSON: hashes as people see them, work in decimal. */
export type PaymentReport =
  | {
      readonly verified: true;
      readonly txid: string;
      readonly position: number;
      readonly path: readonly { readonly sibling: string; readonly side: PathStep['side']; readonly parent: string }[];
      readonly merkleroot: string;
      readonly blockhash: string;
      readonly height: number;
      /** Unix time. */
      readonly time: number;
      readonly confirmations: number;
      /** Expected hashes. */
      readonly workontop: string;
      readonly tip: { readonly hash: string; readonly height: number; readonly time: number; readonly work: string };
      readonly proved: readonly { readonly code: Proved; readonly text: string }[];
      readonly notproved: readonly { readonly code: NotProved; readonly text: string }[];
    }
  | { readonly verified: false; readonly flaw: PaymentFlaw; readonly reason: string };

const proved: Record<Proved, string> = {
  'transaction-in-block': "the block's header commits to this transaction: its inputs and outputs",
  'proof-of-work': 'every header follows the one before it, with the difficulty that the rules ask for, and its work',
  'tree-depth': "the transaction is a leaf of the block's tree: the coinbase is as deep",
};

const notProved: Record<NotProved, string> = {
  validity: 'that its inputs existed and its scripts are valid: the miners who worked on top vouch for that',
  'best-chain': 'that no other chain has more work: whoever gave the headers may not know it, or keep it back',
  unspent: 'that its outputs have not been spent since',
  witness: 'which signatures it carried: a txid does not cover the witness',
  'tree-depth': "the depth of the block's tree, as no coinbase is shown: somebody with much work may have made it up",
  'chain-start': 'what lies before the first header: your checkpoint vouches for that',
  'block-signature': "that the block carries the signature that the signet's challenge asks for",
};

/** A verdict for programs and pages, and what people are told of it. */
export function paymentReport(verdict: PaymentVerdict): PaymentReport {
  if (!verdict.verified) return verdict;
  const { transaction, position, path, block, tip, confirmations, workOnTop } = verdict;
  return {
    ...{ verified: true, txid: transaction.txidHex, position },
    path: path.map(({ sibling, side, parent }) => ({
      sibling: toReversedHex(sibling),
      side,
      parent: toReversedHex(parent),
    })),
    merkleroot: toReversedHex(block.header.merkleRoot),
    blockhash: toReversedHex(block.hash),
    ...{ height: block.height, time: block.header.time, confirmations, workontop: String(workOnTop) },
    tip: {
      ...{ hash: toReversedHex(tip.hash), height: tip.height },
      ...{ time: tip.header.time, work: String(tip.chainwork) },
    },
    proved: verdict.proved.map((code) => ({ code, text: proved[code] })),
    notproved: verdict.notProved.map((code) => ({ code, text: notProved[code] })),
  };
}
