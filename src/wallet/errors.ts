import { PierError } from '../platform/errors.ts';

/** Codes of `WalletError`. */
export type WalletErrorCode =
  | 'insufficient-funds' // all spendable coins together are not enough
  | 'immature-coins' // enough only with immature block rewards
  | 'bad-amount' // zero, negative, or above MAX_MONEY
  | 'dust' // an output below the dust threshold
  | 'bad-fee-rate' // zero, negative, or above the maximum
  | 'max-fee' // the fee is above the maximum
  | 'too-many-inputs' // only with more inputs than a transaction can hold
  | 'too-long-chain' // only with coins at the mempool's limits of ancestors and descendants
  | 'not-abandonable' // confirmed, conflicted, or in the mempool
  | 'bad-mnemonic'
  | 'bad-account'
  | 'bad-gap'
  | 'wallet-exists'
  | 'bad-wallet-name'
  | 'refused' // the mempool rejected the transaction
  | 'corrupt-wallet'; // a damaged record in the wallet file

/** Thrown when a wallet rejects a request; the wallet is unchanged. */
export class WalletError extends PierError {
  declare readonly code: WalletErrorCode;

  constructor(code: WalletErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}
