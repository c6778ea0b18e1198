import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../src/bytes/hex.ts';
import { chainParams } from '../../src/consensus/params.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import { codecs, encodeMessage } from '../../src/p2p/wire/messages/index.ts';
import { messageFields } from '../../src/web/model/messages/message-fields.ts';
import { waitFor } from '../support/wait.ts';

const genesis = chainParams('regtest').genesis;
const hash = (byte: number) => new Uint8Array(32).fill(byte);
/** The bytes of all fields must be the payload. */
function expectWhole(command: string, payload: Uint8Array): void {
  const { fields, rest, fault } = messageFields(command, payload);
  expect({ command, rest: rest.length, fault }).toEqual({ command, rest: 0, fault: undefined });
  expect(toHex(concatBytes(...fields.map(({ bytes }) => bytes)))).toBe(toHex(payload));
}
const valuesOf = (command: string, payload: Uint8Array) =>
  Object.fromEntries(messageFields(command, payload).fields.map(({ name, value }) => [name, value]));

describe('the fields of a message', () => {
  it('are all bytes of what nodes send each other', { timeout: 60_000 }, async () => {
    await using network = await createNetwork({
      nodes: [{ name: 'shop' }, { name: 'pool' }, { name: 'phone', role: 'light' }],
      accounts: 2,
    });
    const seen = new Map<string, { readonly node: string; readonly id: number }>();
    const off = network.follow(['message'], (event) => {
      if (event.type === 'message' && event.id !== undefined)
        seen.set(event.command, { node: event.node, id: event.id });
    });
    const [alice, bob] = network.accounts;
    await network.node('pool').stop();
    await network.mine(2, { by: network.node('shop') });
    await network.node('pool').start();
    const until = (...commands: string[]) =>
      waitFor(() => commands.every((command) => seen.has(command)), {
        timeoutMs: 30_000,
        describe: () => `${commands}`,
      });
    await until('version', 'verack', 'sendcmpct', 'ping', 'getheaders', 'headers', 'cfheaders');
    await alice!.pay(bob!, '1');
    await until('inv', 'getdata', 'tx');
    // A peer that has brought a block brings the next ones as compact blocks.
    await network.mine(1, { by: network.node('shop') });
    await network.mine(1, { by: network.node('shop') });
    await until('block', 'cmpctblock');
    off();
    for (const [command, { node, id }] of seen) {
      const { payload } = await network.node(node).call<{ payload: string }>('getmessage', [id]);
      expectWhole(command, fromHex(payload));
    }
  });

  it('are all bytes of the messages that are rare', () => {
    expectWhole('block', encodeMessage('block', genesis));
    expect(valuesOf('block', encodeMessage('block', genesis))).toMatchObject({
      'merkle root': '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
      time: '1296688602 (2011-02-02T23:16:42Z)',
      bits: '0x207fffff',
      value: '50.00000000 BTC',
    });
    expectWhole('getblocktxn', encodeMessage('getblocktxn', { blockHash: genesis.hash, indexes: [1, 5] }));
    expectWhole('blocktxn', encodeMessage('blocktxn', { blockHash: genesis.hash, transactions: genesis.transactions }));
    expectWhole('getcfilters', encodeMessage('getcfilters', { filterType: 0, startHeight: 1, stopHash: hash(1) }));
    expectWhole('getcfheaders', encodeMessage('getcfheaders', { filterType: 0, startHeight: 1, stopHash: hash(1) }));
    expectWhole('cfilter', encodeMessage('cfilter', { filterType: 0, blockHash: hash(2), filter: hash(3) }));
    expectWhole('getcfcheckpt', encodeMessage('getcfcheckpt', { filterType: 0, stopHash: hash(1) }));
    expectWhole('filteradd', Uint8Array.of(2, 0xab, 0xcd));
    expectWhole('filterload', Uint8Array.of(1, 0xff, 11, 0, 0, 0, 5, 0, 0, 0, 1));
    // Number of addresses; time; services; IPv4 (1) of 4 bytes; port.
    expectWhole('addrv2', Uint8Array.of(1, 1, 2, 3, 4, 0xfd, 0x09, 0x04, 1, 4, 127, 0, 0, 1, 0x20, 0x8d));
    const address = fromHex('01000000 0904000000000000 00000000000000000000ffff7f000001 208d'.replaceAll(' ', ''));
    expectWhole('addr', concatBytes(Uint8Array.of(1), address));
    expect(valuesOf('addr', concatBytes(Uint8Array.of(1), address))).toMatchObject({
      ...{ services: '0x409', address: '127.0.0.1', port: '8333' },
    });
    const list = (count: number) => concatBytes(Uint8Array.of(count), ...Array.from({ length: count }, () => hash(7)));
    expectWhole('cfheaders', concatBytes(Uint8Array.of(0), hash(1), hash(2), list(3)));
    expectWhole('cfcheckpt', concatBytes(Uint8Array.of(0), hash(1), list(2)));
    const header = encodeMessage('block', genesis).subarray(0, 80);
    expectWhole('merkleblock', concatBytes(header, Uint8Array.of(1, 0, 0, 0), list(1), Uint8Array.of(1, 1)));
    // Every command has a layout, or no payload.
    const empty = ['verack', 'wtxidrelay', 'sendaddrv2', 'sendheaders', 'getaddr', 'mempool', 'filterclear'];
    for (const command of Object.keys(codecs)) {
      const { fields, fault } = messageFields(command, new Uint8Array());
      expect({ command, isRead: fields.length > 0 || fault !== undefined }).toEqual({
        command,
        isRead: !empty.includes(command),
      });
    }
  });

  it('end where a payload is damaged, and list long lists in part', () => {
    const damaged = messageFields('inv', Uint8Array.of(2, 1, 0, 0, 0, ...hash(5), 1, 0));
    expect(damaged.fields.map(({ name }) => name)).toEqual(['entry count', 'entry 0', 'type', 'hash', 'entry 1']);
    expect(toHex(damaged.rest)).toBe('0100');
    expect(damaged.fault).toContain('needed');
    expect(messageFields('ping', new Uint8Array(9)).rest).toHaveLength(1);
    const entries = Array.from({ length: 200 }, () => ({ type: 1, hash: hash(9) }));
    const payload = encodeMessage('inv', { entries });
    expectWhole('inv', payload);
    const { fields } = messageFields('inv', payload);
    expect(fields).toHaveLength(1 + 60 * 3 + 1);
    expect(fields.at(-1)).toMatchObject({ name: 'entry 60–199', depth: 0 });
    // A time that is no date.
    const version = concatBytes(new Uint8Array(12), new Uint8Array(8).fill(0x7f));
    expect(valuesOf('version', version)).toMatchObject({ time: '9187201950435738000' });
  });
});
