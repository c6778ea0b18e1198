import { z } from 'zod';
import { fromHex, toHex } from '../../bytes/hex.ts';
import type { TxOut } from '../../primitives/transaction.ts';
import type { AddressPrefixes } from '../../script/address.ts';
import { Op } from '../../script/opcodes.ts';
import { compileScript } from '../../script/script.ts';
import { isJsonNumber, isJsonObject, jsonTypeName, members } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import type { Step } from '../json/step.ts';
import { addressScript } from './address.ts';
import { type Argument, amountSchema, customArgument, refuse } from './arguments.ts';

/** One output as given: an address and an amount, or `data` and hex. */
export type OutputPair = readonly [key: string, value: unknown];

const outputsSchema: z.ZodType<readonly OutputPair[]> = z.unknown().transform(outputPairs);

/** Returns the outputs of an object or of an array of objects (Core: NormalizeOutputs). */
function outputPairs(given: unknown, context: z.core.$RefinementCtx): readonly OutputPair[] {
  if (isJsonObject(given)) return members(given);
  if (given === null) {
    return refuse(context, RpcCode.INVALID_PARAMETER, 'Invalid parameter, output argument must be non-null');
  }
  if (!Array.isArray(given)) {
    const message = `JSON value of type ${jsonTypeName(given)} is not of expected type array`;
    return refuse(context, RpcCode.TYPE_ERROR, message);
  }
  return given.flatMap((output) => {
    if (!isJsonObject(output)) {
      return refuse(context, RpcCode.INVALID_PARAMETER, 'Invalid parameter, key-value pair not an object as expected');
    }
    const pairs = members(output);
    if (pairs.length === 1) return pairs;
    const message = 'Invalid parameter, key-value pair must contain exactly one key';
    return refuse(context, RpcCode.INVALID_PARAMETER, message);
  });
}

/** The argument `outputs`: an object, or an array of objects, of addresses and amounts or `data` and hex. */
export const outputsArgument: Argument<readonly OutputPair[]> = customArgument(
  'outputs',
  'json array',
  outputsSchema,
  'The outputs, as key-value pairs: an address and its amount in BTC, or "data" and the hex of an OP_RETURN output.',
  '[{"address":amount,...},{"data":"hex"},...]',
);

/**
 * Builds transaction outputs, calling `step` between them. Rejects with `RpcError` for an invalid or duplicate key, or an
 * invalid amount.
 */
export async function buildOutputs(
  pairs: readonly OutputPair[],
  prefixes: AddressPrefixes,
  step: Step,
): Promise<TxOut[]> {
  const seen = new Set<string>();
  const outputs: TxOut[] = [];
  for (const [key, value] of pairs) {
    const pause = step();
    if (pause) await pause;
    const isData = key === 'data';
    const output = isData ? dataOutput(value) : paymentOutput(key, value, prefixes);
    // An address in capitals is the same address.
    const name = isData ? key : toHex(output.scriptPubKey);
    if (seen.has(name)) throw invalid(`Invalid parameter, duplicate${isData ? ' key' : 'd address'}: ${key}`);
    seen.add(name);
    outputs.push(output);
  }
  return outputs;
}

function dataOutput(value: unknown): TxOut {
  return { value: 0n, scriptPubKey: compileScript(Op.OP_RETURN, dataBytes(value)) };
}

function paymentOutput(address: string, value: unknown, prefixes: AddressPrefixes): TxOut {
  const amount = amountOf(value);
  return { value: amount, scriptPubKey: addressScript(address, prefixes, `Invalid Bitcoin address: ${address}`) };
}

function dataBytes(value: unknown): Uint8Array {
  const text = valueText(value);
  if (!/^([0-9a-fA-F]{2})+$/.test(text)) throw invalid(`Data must be hexadecimal string (not '${text}')`);
  return fromHex(text);
}

/** Returns a scalar as text (UniValue: getValStr). */
function valueText(value: unknown): string {
  if (typeof value === 'string' || isJsonNumber(value)) return String(value);
  return value === true ? '1' : '';
}

function amountOf(value: unknown): bigint {
  const amount = amountSchema.safeParse(value);
  if (!amount.success) throw new RpcError(RpcCode.TYPE_ERROR, amount.error.issues[0]!.message);
  return amount.data;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_PARAMETER, message);
}
