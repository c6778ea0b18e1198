import { toHex } from '../../bytes/hex.ts';
import { AddressError, decodeAddress, encodeAddress } from '../../script/address.ts';
import { integerArgument, optional, textArgument, wordArgument } from '../arguments/arguments.ts';
import { addressDetailsJson } from '../format/address-json.ts';
import { amountJson } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { type Method, method } from '../method/method.ts';
import { estimateFeeRate } from './mempool/estimate-fee.ts';

/** The highest confirmation target that Core's estimator knows. */
const MAX_CONFIRMATION_TARGET = 1008;
const estimateModes = ['unset', 'economical', 'conservative'] as const;

export const utilMethods: readonly Method[] = [
  method({
    name: 'validateaddress',
    category: 'Util',
    description: 'Whether a text is an address of this network, and what the address says.',
    arguments: [textArgument('address', 'The text.')],
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
        return { isvalid: false, error_locations: [], error: error.message };
      }
    },
  }),
  method({
    name: 'estimatesmartfee',
    category: 'Util',
    description:
      'A fee rate, in bitcoins per 1,000 virtual bytes, that would bring a transaction into one of the next blocks if\n' +
      'they took what is in the mempool now, best fee rate first. It knows nothing of what is yet to come.',
    arguments: [
      integerArgument('conf_target', `Within how many blocks: 1 to ${MAX_CONFIRMATION_TARGET}.`),
      optional(
        wordArgument('estimate_mode', estimateModes, 'Makes no difference.', () => {
          const message = `Invalid estimate_mode parameter, must be one of: ${estimateModes.map((m) => `"${m}"`).join(', ')}`;
          return new RpcError(RpcCode.INVALID_PARAMETER, message);
        }),
        'economical' as const,
      ),
    ],
    result: '{ "feerate": amount, "blocks": n }',
    example: '6',
    handler: ({ node: { mempool } }, target) => {
      if (target < 1 || target > MAX_CONFIRMATION_TARGET) {
        const message = `Invalid conf_target, must be between 1 and ${MAX_CONFIRMATION_TARGET}`;
        throw new RpcError(RpcCode.INVALID_PARAMETER, message);
      }
      return { feerate: amountJson(estimateFeeRate(mempool, target)), blocks: target };
    },
  }),
];
