/**
 * Wallets: keys by BIP32, BIP39, BIP44, BIP49, BIP84 and BIP86, coin selection, signing, and the wallet file of a node.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { silentLogger, systemClock, systemRandom } from 'pier/platform';
 * import { MemoryStore } from 'pier/store';
 * import { WalletFile } from 'pier/wallet';
 *
 * const modules = { store: new MemoryStore(), clock: systemClock, random: systemRandom, logger: silentLogger };
 * const file = await WalletFile.open({ params: regtest }, modules);
 * const wallet = await file.createWallet('alice', { addressType: 'bech32m' });
 * console.log((await wallet.newAddress()).slice(0, 6)); // bcrt1p
 * console.log(wallet.balance().trusted); // 0
 * ```
 *
 * @module pier/wallet
 * @packageDocumentation
 */

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
  type AccountNode,
  type AddressType,
  addressTypes,
  checkMnemonic,
  type KeyOutput,
  type KeyRef,
  KeyTree,
  keyPath,
  newMnemonic,
} from './keys.ts';
export type { LedgerEntry, WalletCoin } from './ledger-entry.ts';
export type { Payment, PaymentOptions } from './payment.ts';
export type {
  BlockReference,
  Confirmation,
  KeyRecord,
  ScanPass,
  SyncRecord,
  UnmatchedKeys,
  WalletRecord,
} from './records.ts';
export { type SigningInput, signTransaction } from './signing.ts';
export type { ChainLimits, SpendableCoin } from './spend/chain-limits.ts';
export { type SubmitResult, Wallet } from './wallet.ts';
export { type NewWalletOptions, WalletFile, type WalletFileModules } from './wallet-file.ts';
export { attachWallet, type WalletSyncModules } from './wallet-sync.ts';
export type { Balance, UnspentCoin, WalletAddress, WalletTransaction } from './wallet-view.ts';
