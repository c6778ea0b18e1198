export {
  type Candidate,
  feeFor,
  INPUT_WEIGHT,
  type Selection,
  type SelectionTarget,
  selectCoins,
} from './coin-selection.ts';
export { WalletError, type WalletErrorCode } from './errors.ts';
export {
  type AddressType,
  addressTypes,
  checkMnemonic,
  type KeyOutput,
  type KeyRef,
  KeyTree,
  keyPath,
  newMnemonic,
} from './keys.ts';
export type { LedgerEntry, WalletCoin } from './ledger.ts';
export type { Payment, PaymentOptions } from './payment.ts';
export type { Confirmation, KeyRecord, SyncRecord, WalletRecord } from './records.ts';
export { type SigningInput, signTransaction } from './signing.ts';
export {
  type Balance,
  type SubmitResult,
  type UnspentCoin,
  Wallet,
  type WalletAddress,
  type WalletTransaction,
} from './wallet.ts';
export { type NewWalletOptions, WalletFile, type WalletFileModules } from './wallet-file.ts';
export { attachWallet, type WalletSyncModules } from './wallet-sync.ts';
