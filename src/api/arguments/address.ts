import { AddressError, type AddressPrefixes, decodeAddress } from '../../script/address.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';

/** Decodes an address to its output script. Throws `RpcError` with `message`, Core's, if it is invalid. */
export function addressScript(
  address: string,
  prefixes: AddressPrefixes,
  message: string | (() => string),
): Uint8Array {
  try {
    return decodeAddress(address, prefixes);
  } catch (error) {
    if (error instanceof AddressError) {
      const text = typeof message === 'string' ? message : message();
      throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, text, { cause: error });
    }
    throw error;
  }
}
