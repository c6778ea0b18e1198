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
 * A transaction from hex, or undefined where it is none. Without inputs the encoding is ambiguous: then the reading
 * without witness is the second try, or the only one where `witness` is false (Core: DecodeHexTx).
 */
export function transactionFromHex(hex: string, witness?: boolean): Transaction | undefined {
  for (const allowWitness of witness === undefined ? [true, false] : [witness]) {
    try {
      const reader = new ByteReader(fromHex(hex));
      const tx = Transaction.read(reader, allowWitness);
      reader.end();
      return tx;
    } catch {
      // Not in this encoding.
    }
  }
  return undefined;
}

/** Hex that `decode` must be able to read; `message` is what Core says otherwise. */
function decodedArgument<T>(
  name: string,
  description: string,
  message: string,
  decode: (hex: string) => T | undefined,
): Argument<T> {
  const schema = z.string().transform((hex, context): T => {
    try {
      const value = decode(hex);
      if (value !== undefined) return value;
    } catch {
      // Reported like any other text that is not what it should be.
    }
    return refuse(context, RpcCode.DESERIALIZATION_ERROR, message);
  });
  return customArgument(name, 'string', schema, description, `"${name}"`);
}

export function transactionArgument(name: string, description: string): Argument<Transaction> {
  return decodedArgument(name, description, TX_DECODE_FAILED, transactionFromHex);
}

/** Like Core, this and the next one do not mind what follows the block, or the header. */
export function blockArgument(name: string, description: string): Argument<Block> {
  return decodedArgument(name, description, 'Block decode failed', (hex) => Block.read(new ByteReader(fromHex(hex))));
}

export function blockHeaderArgument(name: string, description: string): Argument<BlockHeader> {
  return decodedArgument(name, description, 'Block header decode failed', (hex) =>
    BlockHeader.read(new ByteReader(fromHex(hex))),
  );
}

/** The transaction in hex, for schemas inside arrays. */
export const transactionSchema: z.ZodType<Transaction> = transactionArgument('rawtx', '').schema;
