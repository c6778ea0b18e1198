import { z } from 'zod';
import { fromHex } from '../../bytes/hex.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { Block } from '../../primitives/block.ts';
import { BlockHeader } from '../../primitives/header.ts';
import { Transaction } from '../../primitives/transaction.ts';
import { RpcCode } from '../json/rpc-error.ts';
import { type Argument, customArgument, refuse } from './arguments.ts';

const TX_DECODE_FAILED = 'TX decode failed. Make sure the tx has at least one input.';

/**
 * Decodes a transaction from hex; undefined if it does not decode. A transaction without inputs is ambiguous: `witness`
 * says which encoding to try, and without it both are tried, the one with witness first (Core: DecodeHexTx).
 */
export function transactionFromHex(hex: string, witness?: boolean): Transaction | undefined {
  for (const allowWitness of witness === undefined ? [true, false] : [witness]) {
    try {
      const reader = new ByteReader(fromHex(hex));
      const tx = Transaction.read(reader, allowWitness);
      reader.end();
      return tx;
    } catch {
      // Does not decode in this encoding.
    }
  }
  return undefined;
}

/** Returns a schema of hex that `decode` reads; `message` makes Core's error if it cannot. */
function decodedSchema<T>(message: (hex: string) => string, decode: (hex: string) => T | undefined): z.ZodType<T> {
  return z.string().transform((hex, context): T => {
    try {
      const value = decode(hex);
      if (value !== undefined) return value;
    } catch {
      // Reported below, as for an undefined value.
    }
    return refuse(context, RpcCode.DESERIALIZATION_ERROR, message(hex));
  });
}

/** Returns a required hex argument that `decode` reads; `message` is Core's error if it cannot. */
function decodedArgument<T>(
  name: string,
  description: string,
  message: string,
  decode: (hex: string) => T | undefined,
): Argument<T> {
  return customArgument(
    name,
    'string',
    decodedSchema(() => message, decode),
    description,
    `"${name}"`,
  );
}

/** Returns a required argument that is a transaction as hex. */
export function transactionArgument(name: string, description: string): Argument<Transaction> {
  return decodedArgument(name, description, TX_DECODE_FAILED, transactionFromHex);
}

/** Returns a required argument that is a block as hex. Trailing bytes are ignored, as in Core. */
export function blockArgument(name: string, description: string): Argument<Block> {
  return decodedArgument(name, description, 'Block decode failed', (hex) => Block.read(new ByteReader(fromHex(hex))));
}

/** Returns a required argument that is a block header as hex. Trailing bytes are ignored, as in Core. */
export function blockHeaderArgument(name: string, description: string): Argument<BlockHeader> {
  return decodedArgument(name, description, 'Block header decode failed', (hex) =>
    BlockHeader.read(new ByteReader(fromHex(hex))),
  );
}

/** A transaction as hex, for use inside an array. */
export const transactionSchema: z.ZodType<Transaction> = decodedSchema(
  (hex) => `TX decode failed: ${hex} Make sure the tx has at least one input.`,
  transactionFromHex,
);
