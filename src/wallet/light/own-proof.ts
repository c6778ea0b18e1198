import type { HeaderChain } from '../../spv/header-chain.ts';
import type { ProofStore } from '../../spv/proof-store.ts';
import { type SelfContainedProof, selfContained } from '../../spv/verify/proof-file.ts';
import type { WalletFile } from '../wallet-file.ts';

/** Modules that `ownProof` uses. */
export interface OwnProofModules {
  readonly chain: HeaderChain;
  readonly proofs: ProofStore;
  readonly wallets: WalletFile;
}

/** Returns the proof of a wallet transaction with all headers; undefined if the light node has none. `txid` is hex. */
export function ownProof({ chain, proofs, wallets }: OwnProofModules, txid: string): SelfContainedProof | undefined {
  const held = proofs.get(txid);
  const transaction = wallets
    .wallets()
    .map((wallet) => wallet.transaction(txid)?.entry.tx)
    .find((tx) => tx !== undefined);
  if (!held || !transaction) return undefined;
  const { height, proof, coinbase } = held;
  return selfContained(chain, { transaction, height, proof, ...(coinbase && { coinbase }) });
}
