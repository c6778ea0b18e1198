import { describe, expect, it } from 'vitest';
import { fromReversedHex } from '../../../src/bytes/hex.ts';
import { chainParams } from '../../../src/consensus/params.ts';
import { messageSubjects } from '../../../src/p2p/wire/message-subjects.ts';
import { type Command, encodeMessage, type MessageOf } from '../../../src/p2p/wire/messages/index.ts';

const genesis = chainParams('regtest').genesis;
const tx = genesis.transactions[0]!;
const id = (n: number) => n.toString(16).padStart(64, '0');
const subjects = <C extends Command>(command: C, message: MessageOf<C>) =>
  messageSubjects(command, encodeMessage(command, message));

describe('what a message is about', () => {
  it('is read of inventory, up to eight', () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ type: 1, hash: fromReversedHex(id(i)) }));
    for (const command of ['inv', 'getdata', 'notfound'] as const) {
      expect(subjects(command, { entries: entries(2) })).toEqual({ hashes: [id(0), id(1)], items: 2 });
    }
    const many = subjects('inv', { entries: entries(300) });
    expect(many.items).toBe(300);
    expect(many.hashes).toEqual(Array.from({ length: 8 }, (_, i) => id(i)));
    expect(subjects('inv', { entries: [] })).toEqual({ hashes: [], items: 0 });
  });

  it('is the block or transaction that it carries or names', () => {
    const block = { hashes: [genesis.hashHex], items: 1 };
    expect(subjects('block', genesis)).toEqual(block);
    expect(subjects('tx', tx)).toEqual({ hashes: [tx.txidHex], items: 1 });
    expect(subjects('getblocktxn', { blockHash: genesis.hash, indexes: [1, 2] })).toEqual(block);
    expect(subjects('blocktxn', { blockHash: genesis.hash, transactions: [tx] })).toEqual(block);
    expect(subjects('cfilter', { filterType: 0, blockHash: genesis.hash, filter: Uint8Array.of(0) })).toEqual(block);
  });

  it('is the last of headers', () => {
    const first = chainParams('main').genesis.header;
    expect(subjects('headers', { headers: [first, genesis.header] })).toEqual({ hashes: [genesis.hashHex], items: 2 });
    expect(subjects('headers', { headers: [] })).toEqual({ hashes: [], items: 0 });
  });

  it('is nothing if the payload ends too early, or the command names nothing', () => {
    const none = { hashes: [], items: 0 };
    for (const command of ['inv', 'tx', 'block', 'headers', 'getblocktxn', 'cfilter', 'nosuch'])
      expect(messageSubjects(command, new Uint8Array())).toEqual(none);
    expect(messageSubjects('inv', Uint8Array.of(2, ...new Uint8Array(36)))).toEqual(none);
    expect(messageSubjects('inv', Uint8Array.of(0xfd, 1, 0))).toEqual(none);
    expect(messageSubjects('block', new Uint8Array(79))).toEqual(none);
    expect(messageSubjects('headers', Uint8Array.of(1, ...new Uint8Array(79)))).toEqual(none);
    expect(messageSubjects('ping', new Uint8Array(8))).toEqual(none);
  });
});
