import { toHex } from '../../bytes/hex.ts';
import { AddressError, decodeAddress, encodeAddress } from '../../script/address.ts';
import { integerArgument, optional, textArgument } from '../arguments/arguments.ts';
import { addressFault } from '../format/address-fault.ts';
import { addressDetailsJson } from '../format/address-json.ts';
import { amountJson } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Method, method } from '../method/method.ts';
import { estimateFeeRate } from './mempool/estimate-fee.ts';

/** Highest confirmation target in blocks (Core: HighestTargetTracked of the long horizon). */
const MAX_CONFIRMATION_TARGET = 1008;
const estimateModes = ['unset', 'economical', 'conservative'];

/** Methods for addresses and fee estimation. */
export const utilMethods: readonly Method[] = [
  method({
    name: 'validateaddress',
    category: 'Util',
    description: 'Validates an address of this network and returns its details.',
    arguments: [textArgument('address', 'The address to validate.')],
    result:
      '{ "isvalid": true, "address": text, "scriptPubKey": hex, "isscript": bool, "iswitness": bool,\n' +
      '  "witness_version": n, "witness_program": hex }, or { "isvalid": false, "error_locations": [], "error": text }',
    example: '"bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"',
    handler: ({ node: { params } }, text) => {
      try {
        const scriptPubKey = decodeAddress(text, params.address);
        return {
          isvalid: true,
          address: encodeAddress(scriptPubKey, params.address),
          scriptPubKey: toHex(scriptPubKey),
          ...addressDetailsJson(scriptPubKey),
        };
      } catch (error) {
        if (!(error instanceof AddressError)) throw error;
        const { error: message, locations } = addressFault(text, params.address);
        return { isvalid: false, error_locations: locations, error: message };
      }
    },
  }),
  method({
    name: 'estimatesmartfee',
    category: 'Util',
    description:
      'Estimates the fee rate, in BTC/kvB, at which a transaction confirms within conf_target blocks. The estimate assumes\n' +
      'that these blocks take the transactions now in the mempool, highest fee rate first. It does not consider past blocks.',
    arguments: [
      integerArgument('conf_target', `Confirmation target in blocks (1 - ${MAX_CONFIRMATION_TARGET}).`),
      optional(textArgument('estimate_mode', `Ignored: ${estimateModes.join(', ')}.`), 'economical'),
    ],
    result: '{ "feerate": amount, "blocks": n }',
    example: '6',
    handler: async ({ node: { mempool }, call }, target, mode) => {
      if (target < 1 || target > MAX_CONFIRMATION_TARGET) {
        const message = `Invalid conf_target, must be between 1 and ${MAX_CONFIRMATION_TARGET}`;
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      if (!estimateModes.includes(mode.toLowerCase())) {
        const message = `Invalid estimate_mode parameter, must be one of: ${estimateModes.map((m) => `"${m}"`).join(', ')}`;
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      return { feerate: amountJson(await estimateFeeRate(mempool, target, call.step)), blocks: target };
    },
  }),
];
