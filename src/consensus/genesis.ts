import { fromHex } from '../bytes/hex.ts';
import { COIN } from '../primitives/amount.ts';
import { Block } from '../primitives/block.ts';
import { BlockHeader } from '../primitives/header.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction } from '../primitives/transaction.ts';

const TIMES_MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks';
const SATOSHI_KEY =
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f';

/** What makes a genesis block. */
export interface GenesisFields {
  /** Text in its coinbase; default Satoshi's. */
  readonly message?: string;
  /** Hex, of the key that its reward is paid to in name: nobody can spend it; default Satoshi's. */
  readonly publicKey?: string;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}

function push(data: Uint8Array): number[] {
  return data.length < 0x4c ? [data.length, ...data] : [0x4c, data.length, ...data];
}

/** A genesis block in the form that Satoshi gave to his; its nonce may or may not prove its work. */
export function genesisBlock(fields: GenesisFields): Block {
  const { message = TIMES_MESSAGE, publicKey = SATOSHI_KEY, time, bits, nonce } = fields;
  const coinbase = new Transaction({
    version: 1,
    inputs: [
      {
        prevout: nullOutPoint,
        // The number 0x1d00ffff and the number 4, then the message.
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
