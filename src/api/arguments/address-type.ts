import { type AddressType, addressTypes } from '../../wallet/keys.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Argument, optional, wordArgument } from './arguments.ts';

/** Returns the optional argument `address_type`; help shows `defaultText` as its default. */
export function addressTypeArgument(defaultText: string): Argument<AddressType | undefined> {
  const argument = wordArgument(
    'address_type',
    addressTypes,
    `The address type to use: ${addressTypes.join(', ')}.`,
    (word) => new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `Unknown address type '${word}'`),
  );
  return optional(argument, undefined, defaultText);
}
