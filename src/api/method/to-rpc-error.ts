import { DecodeError } from '../../bytes/errors.ts';
import { MiningError } from '../../mining/miner.ts';
import type { PierError } from '../../platform/errors.ts';
import { AddressError } from '../../script/address.ts';
import { WalletError, type WalletErrorCode } from '../../wallet/errors.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** Wallet errors with a more specific code than WALLET_ERROR. */
const walletCodes: Partial<Record<WalletErrorCode, number>> = {
  'insufficient-funds': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'immature-coins': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'max-fee': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'too-many-inputs': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'too-long-chain': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  dust: RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'bad-amount': RpcCode.WALLET_INSUFFICIENT_FUNDS,
  'bad-fee-rate': RpcCode.INVALID_PARAMETER,
  'bad-mnemonic': RpcCode.INVALID_PARAMETER,
  'bad-wallet-name': RpcCode.INVALID_PARAMETER,
};

/** Translates an expected error of the lower layers; undefined for any other, which is a bug. */
export function toRpcError(thrown: unknown): RpcError | undefined {
  if (thrown instanceof RpcError) return thrown;
  if (thrown instanceof AddressError) return translate(thrown, RpcCode.INVALID_ADDRESS_OR_KEY);
  if (thrown instanceof WalletError) return translate(thrown, walletCodes[thrown.code] ?? RpcCode.WALLET_ERROR);
  if (thrown instanceof MiningError) return translate(thrown, RpcCode.VERIFY_ERROR);
  if (thrown instanceof DecodeError) return translate(thrown, RpcCode.DESERIALIZATION_ERROR);
  return undefined;
}

/** Appends the hint to the message: a JSON-RPC error has no member for it. */
function translate(cause: PierError, rpcCode: number): RpcError {
  const message = cause.hint === undefined ? cause.message : `${cause.message}. ${cause.hint}`;
  return new RpcError(rpcCode, message, { cause });
}
