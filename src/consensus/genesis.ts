import { fromHex } from '../bytes/hex.ts';
import { COIN } from '../primitives/amount.ts';
import { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction } from '../primitives/transaction.ts';

const TIMES_MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks';
const SATOSHI_KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f';

/** The fields of a genesis block. */
export interface GenesisFields {
  /** The text in the coinbase; default: mainnet's. */
  readonly message?: string;
  /** The public key (hex) of the output, which is not spendable; default: mainnet's. */
  readonly publicKey?: string;
  /** Unix seconds. */
  readonly time: number;
  /** The target in compact form. */
  readonly bits: number;
  readonly nonce: number;
}

function push(data: Uint8Array): number[] {
  return data.length < 0x4c ? [data.length, ...data] : [0x4c, data.length, ...data];
}

/** Returns a genesis block in the form of mainnet's (Core: CreateGenesisBlock). Does not check its proof of work. */
export function genesisBlock(fields: GenesisFields): Block {
  const { message = TIMES_MESSAGE, publicKey = SATOSHI_KEY, time, bits, nonce } = fields;
  const coinbase = new Transaction({
    version: 1,
    inputs: [
      {
        prevout: nullOutPoint,
        // Pushes of the numbers 0x1d00ffff and 4, then of the message.
        scriptSig: Uint8Array.from([4, 0xff, 0xff, 0x00, 0x1d, 1, 4, ...push(new TextEncoder().encode(message))]),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ value: 50n * COIN, scriptPubKey: Uint8Array.from([...push(fromHex(publicKey)), 0xac]) }],
    lockTime: 0,
  });
  const header = { version: 1, prevHash: new Uint8Array(32), merkleRoot: coinbase.txid, time, bits, nonce };
  return new Block(new BlockHeader(header), [coinbase]);
}
