import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/bytes/errors.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import {
  type Command,
  codecs,
  decodeInSteps,
  decodeMessage,
  encodeMessage,
} from '../../../src/p2p/wire/messages/index.ts';
import { Block } from '../../../src/primitives/block.ts';
import { BlockHeader } from '../../../src/primitives/header.ts';
import { Transaction, type TransactionFields } from '../../../src/primitives/transaction.ts';

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const hash = new Uint8Array(32).fill(7);
const header = new BlockHeader({ version: 4, prevHash: hash, merkleRoot: hash, time: 1, bits: 0x207fffff, nonce: 1 });
const input = (elements = 0) => ({
  ...{ prevout: { txid: hash, vout: 0 }, scriptSig: new Uint8Array(0), sequence: 0 },
  witness: times(elements, () => Uint8Array.of(1)),
});
const output = { value: 1n, scriptPubKey: new Uint8Array(0) };
const tx = (fields: Partial<TransactionFields> = {}) =>
  new Transaction({ version: 2, inputs: [input()], outputs: [output], lockTime: 0, ...fields });
const some = times(5_000, () => tx());

/** A list of zeroes, after `head`. */
const list = (count: number, size: number, head: ByteWriter) =>
  head
    .compactSize(count)
    .bytes(new Uint8Array(count * size))
    .finish();
const locator = () => list(40_000, 32, new ByteWriter().u32(1));

/** Long payloads of all commands that have a list. Some are longer than the protocol allows. */
const payloads: readonly [command: Command, what: string, payload: () => Uint8Array][] = [
  ['addr', 'addresses', () => list(40_000, 30, new ByteWriter())],
  ['addrv2', 'addresses', () => list(40_000, 8, new ByteWriter())],
  ['block', 'transactions', () => new Block(header, some).encode()],
  ['block', 'witness elements', () => new Block(header, [tx({ inputs: [input(200_000)] })]).encode()],
  ['blocktxn', 'transactions', () => encodeMessage('blocktxn', { blockHash: hash, transactions: some })],
  ['cfcheckpt', 'filter headers', () => list(60_000, 32, new ByteWriter().u8(0).bytes(hash))],
  ['cfheaders', 'filter hashes', () => list(60_000, 32, new ByteWriter().u8(0).bytes(hash).bytes(hash))],
  [
    'cmpctblock',
    'prefilled transactions',
    () => {
      const prefilled = some.map((each, index) => ({ index, tx: each }));
      return encodeMessage('cmpctblock', { header, nonce: 1n, shortIds: [], prefilled });
    },
  ],
  ['getblocks', 'hashes', locator],
  ['getblocktxn', 'indexes', () => list(60_000, 1, new ByteWriter().bytes(hash))],
  ['getheaders', 'hashes', locator],
  ['headers', 'headers', () => encodeMessage('headers', { headers: times(2_000, () => header) })],
  ['merkleblock', 'hashes', () => list(60_000, 32, new ByteWriter().bytes(header.encode()).u32(1))],
  ['tx', 'inputs', () => tx({ inputs: times(10_000, () => input()) }).encode()],
  ['tx', 'outputs', () => tx({ outputs: times(20_000, () => output) }).encode()],
  ['tx', 'witness elements', () => tx({ inputs: [input(200_000)] }).encode()],
  ['tx', 'witnesses', () => tx({ inputs: times(400, () => input(900)) }).encode()],
];

/** Commands whose decoding takes no longer for a longer payload: lists of inventory are decoded as they are read. */
const atOnce: readonly Command[] = [
  ...['cfilter', 'feefilter', 'filteradd', 'filterclear', 'filterload', 'getaddr', 'getcfcheckpt', 'getcfheaders'],
  ...[
    'getcfilters',
    'getdata',
    'inv',
    'mempool',
    'notfound',
    'ping',
    'pong',
    'sendaddrv2',
    'sendcmpct',
    'sendheaders',
    'verack',
    'version',
  ],
  'wtxidrelay',
] as readonly Command[];

/** Runs a decoder. Returns its value, or the message of its error. */
function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}

describe('a long message is decoded in steps of about 16 kB, with the same result', () => {
  it.each(payloads)('%s: %s', (command, _, payload) => {
    const bytes = payload();
    let steps = 0;
    const value = outcome(() => {
      const decoding = decodeInSteps(command, bytes);
      for (;;) {
        const step = decoding.next();
        if (step.done) return step.value;
        steps++;
      }
    });
    expect(steps).toBeGreaterThanOrEqual(Math.floor(bytes.length / 20_000));
    expect(steps).toBeLessThanOrEqual(Math.ceil(bytes.length / 16_000));
    const whole = outcome(() => decodeMessage(command, bytes));
    if (typeof whole === 'string') expect(value).toBe(whole);
    else expect(Buffer.compare(encodeMessage(command, value as never), encodeMessage(command, whole as never))).toBe(0);
  });

  it('unless it has no list', () => {
    const stepped = new Set(payloads.map(([command]) => command));
    expect([...stepped, ...atOnce].toSorted()).toEqual(Object.keys(codecs).toSorted());
  });
});
