import { AddressError, type AddressPrefixes } from '../../script/address.ts';
import { RpcError } from '../json/rpc-error.ts';
import { addressScript } from './address.ts';
import { scriptsOfDescriptor } from './scan-descriptor.ts';

/**
 * Returns the script of a descriptor, of combo() the one of P2WPKH or else P2PKH, or of an address (Core:
 * getScriptFromDescriptor). Throws `RpcError`.
 */
export function outputScript(output: string, prefixes: AddressPrefixes): Uint8Array {
  try {
    const scripts = scriptsOfDescriptor(output, prefixes);
    return scripts[2] ?? scripts[1] ?? scripts[0]!;
  } catch (error) {
    if (!(error instanceof RpcError || error instanceof AddressError)) throw error;
  }
  return addressScript(output, prefixes, 'Error: Invalid address or descriptor');
}
