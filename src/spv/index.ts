/**
 * Light nodes: the header chain, payment proofs, and a verifier that trusts no peer and also runs in browsers.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { chainParams } from 'pier/consensus';
 * import { paymentReport, proofFromJson, verifySelfContained } from 'pier/spv';
 *
 * // A file that `pier verify --export` wrote.
 * const proof = proofFromJson(await readFile('payment.json', 'utf8'));
 * const verdict = verifySelfContained(chainParams('regtest'), proof, { nowSeconds: Date.now() / 1000 });
 * console.log(paymentReport(verdict));
 * ```
 *
 * @module pier/spv
 * @packageDocumentation
 */

export { HeaderChain, type HeaderChainModules } from './header-chain.ts';
export { decodePaymentProof, encodePaymentProof, type PaymentProof, paymentProofs } from './payment-proof.ts';
export { ProofStore } from './proof-store.ts';
export { type PaymentReport, paymentReport } from './verify/payment-report.ts';
export {
  type ChainFlaw,
  type Checkpoint,
  type FlawedChain,
  ProofChain,
  type ProofChainOptions,
  type ProofHeaders,
} from './verify/proof-chain.ts';
export {
  type ProofJson,
  proofFromJson,
  proofToJson,
  type SelfContainedProof,
  selfContained,
  verifySelfContained,
} from './verify/proof-file.ts';
export type { VerifiedChain, VerifiedHeader } from './verify/verified-chain.ts';
export {
  type NotProved,
  type PathStep,
  type PaymentClaim,
  type PaymentFlaw,
  type PaymentVerdict,
  type Proved,
  type RefusedPayment,
  type VerifiedPayment,
  verifyPayment,
} from './verify/verify-payment.ts';
