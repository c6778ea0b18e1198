import { type AddressType, addressTypes } from '../../wallet/keys.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, optional, wordArgument } from './arguments.ts';

/** The kind of address to make; `otherwise` says what holds without it. */
export function addressTypeArgument(otherwise: string): Argument<AddressType | undefined> {
  const argument = wordArgument(
    'address_type',
    addressTypes,
    `The kind of address: ${addressTypes.join(', ')}.`,
    (word) => new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `Unknown address type '${word}'`),
  );
  return optional(argument, undefined, otherwise);
}
