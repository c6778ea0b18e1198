import { PierError } from '../platform/errors.ts';

export type WalletErrorCode =
  | 'insufficient-funds' // not even with every coin that could be spent
  | 'immature-coins' // there would be enough, but for rewards that are too young
  | 'bad-amount' // zero, negative, or beyond all money
  | 'dust' // an output that would cost more to spend than it is worth
  | 'bad-fee-rate'
  | 'bad-mnemonic'
  | 'wallet-exists'
  | 'bad-wallet-name'
  | 'refused' // the mempool would not have the transaction
  | 'corrupt-wallet'; // a record of the file cannot be read

/** What a wallet cannot or will not do. Nothing has changed then. */
export class WalletError extends PierError {
  declare readonly code: WalletErrorCode;

  constructor(code: WalletErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(code, message, options);
  }
}
