import { z } from 'zod';
import { fromHex } from '../../bytes/hex.ts';
import type { TxOut } from '../../primitives/transaction.ts';
import type { AddressPrefixes } from '../../script/address.ts';
import { Op } from '../../script/opcodes.ts';
import { compileScript } from '../../script/script.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { addressScript } from './address.ts';
import { type Argument, amountSchema, customArgument } from './arguments.ts';

/** One output as given: an address and an amount, or `data` and hex. */
export type OutputPair = readonly [key: string, value: unknown];

const outputsSchema: z.ZodType<readonly OutputPair[]> = z
  .union([z.array(z.record(z.string(), z.unknown())), z.record(z.string(), z.unknown())])
  .transform((value) => (Array.isArray(value) ? value.flatMap(Object.entries) : Object.entries(value)));

/** The argument `outputs`: an object, or an array of objects, of addresses and amounts or `data` and hex. */
export const outputsArgument: Argument<readonly OutputPair[]> = customArgument(
  'outputs',
  'json array',
  outputsSchema,
  'The outputs, as key-value pairs: an address and its amount in BTC, or "data" and the hex of an OP_RETURN output.',
  '[{"address":amount,...},{"data":"hex"},...]',
);

/** Builds transaction outputs. Throws `RpcError` for an invalid or duplicate key, or an invalid amount. */
export function buildOutputs(pairs: readonly OutputPair[], prefixes: AddressPrefixes): TxOut[] {
  const seen = new Set<string>();
  return pairs.map(([key, value]) => {
    if (seen.has(key)) throw invalid(`Invalid parameter, duplicate${key === 'data' ? ' key' : 'd address'}: ${key}`);
    seen.add(key);
    if (key === 'data') return { value: 0n, scriptPubKey: compileScript(Op.OP_RETURN, dataBytes(value)) };
    const scriptPubKey = addressScript(key, prefixes, `Invalid Bitcoin address: ${key}`);
    return { value: amountOf(value), scriptPubKey };
  });
}

function dataBytes(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2})+$/.test(value)) {
    throw invalid(`Data must be hexadecimal string (not '${String(value)}')`);
  }
  return fromHex(value);
}

function amountOf(value: unknown): bigint {
  const amount = amountSchema.safeParse(value);
  if (!amount.success) throw new RpcError(RpcCode.TYPE_ERROR, amount.error.issues[0]!.message);
  return amount.data;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}
