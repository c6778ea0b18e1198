import { toReversedHex } from '../../bytes/hex.ts';
import type { NotProved, PathStep, PaymentFlaw, PaymentVerdict, Proved } from './verify-payment.ts';

/** A verdict as JSON: hashes as hex in reversed byte order, work in decimal. */
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
  'transaction-in-block': "the block header commits to the transaction's inputs and outputs",
  'proof-of-work': 'the headers are linked, and each has the required difficulty and proof of work',
  'tree-depth': 'the transaction is a leaf of the merkle tree: it is as deep as the coinbase',
};

const notProved: Record<NotProved, string> = {
  validity: "the transaction is valid (inputs exist, scripts succeed): inferred only from the miners' work",
  'best-chain': 'no other chain has more work: the source of the headers may not know it or may withhold it',
  unspent: 'the outputs are still unspent',
  witness: 'the signatures: a txid does not commit to the witness',
  'tree-depth': 'the depth of the merkle tree: without the coinbase, the transaction may be forged (CVE-2017-12842)',
  'chain-start': 'the headers before the first one are valid: inferred only from your checkpoint',
  'block-signature': "the block has the signature that the signet's challenge requires (BIP325)",
};

/** Returns a verdict as JSON, with a text for each fact that is proved or not. */
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
