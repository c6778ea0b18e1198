import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/bytes/errors.ts';
import { fromHex, toHex, toReversedHex } from '../../../src/bytes/hex.ts';
import { chainParams } from '../../../src/consensus/params.ts';
import {
  type Command,
  codecs,
  decodeMessage,
  encodeMessage,
  type MessageOf,
} from '../../../src/p2p/wire/messages/index.ts';
import type { PeerAddress } from '../../../src/p2p/wire/messages/net-address.ts';
import { toEndpoint } from '../../../src/p2p/wire/messages/net-address.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import { describeVectors, vectorBytes } from '../../support/vectors.ts';

/** Decodes `hex`, checks that the message encodes to the same bytes, and returns it. */
function known<C extends Command>(command: C, hex: string): MessageOf<C> {
  const message = decodeMessage(command, fromHex(hex.replaceAll(' ', '')));
  expect(toHex(encodeMessage(command, message))).toBe(hex.replaceAll(' ', ''));
  return message;
}

function error(command: Command, bytes: string | Uint8Array): string | undefined {
  try {
    decodeMessage(command, typeof bytes === 'string' ? fromHex(bytes.replaceAll(' ', '')) : bytes);
    return undefined;
  } catch (caught) {
    if (caught instanceof DecodeError) return caught.code;
    throw caught;
  }
}

describe('version', () => {
  // "Satoshi:0.7.2", https://en.bitcoin.it/wiki/Protocol_documentation#version
  const satoshi =
    '62ea0000 0100000000000000 11b2d05000000000 0100000000000000 00000000000000000000ffff000000000000 ' +
    '0000000000000000 00000000000000000000ffff000000000000 3b2eb35d8ce61765 0f2f5361746f7368693a302e372e322f c03e0300';

  it('decodes the message of Satoshi:0.7.2', () => {
    expect(decodeMessage('version', fromHex(satoshi.replaceAll(' ', '')))).toMatchObject({
      version: 60002,
      services: 1n,
      time: 1355854353n,
      nonce: 0x6517e68c5db32e3bn,
      userAgent: '/Satoshi:0.7.2/',
      startHeight: 212672,
      relay: true,
    });
  });

  it('decodes a false relay flag, and ignores bytes after it', () => {
    const payload = fromHex(`${satoshi.replaceAll(' ', '')}00ff`);
    expect(decodeMessage('version', payload).relay).toBe(false);
  });

  it('accepts missing trailing fields, but not a truncated field', () => {
    const bytes = fromHex(satoshi.replaceAll(' ', ''));
    expect(decodeMessage('version', bytes.subarray(0, 46))).toMatchObject({
      version: 60002,
      nonce: 0n,
      startHeight: -1,
    });
    for (const length of [0, 45, 47, 79, 90, bytes.length - 1]) {
      expect(() => decodeMessage('version', bytes.subarray(0, length))).toThrow(DecodeError);
    }
  });

  it('rejects a user agent of more than 256 bytes', () => {
    const base = { ...decodeMessage('version', fromHex(satoshi.replaceAll(' ', ''))) };
    const longest = encodeMessage('version', { ...base, userAgent: 'x'.repeat(256) });
    expect(decodeMessage('version', longest).userAgent).toHaveLength(256);
    expect(error('version', toHex(encodeMessage('version', { ...base, userAgent: 'x'.repeat(257) })))).toBe(
      'oversized',
    );
  });
});

describe('addr', () => {
  it('decodes the example of the protocol documentation', () => {
    // https://en.bitcoin.it/wiki/Protocol_documentation#addr
    const { addresses } = known('addr', '01 e215104d 0100000000000000 00000000000000000000ffff0a000001 208d');
    expect(addresses).toMatchObject([{ time: 1292899810, services: 1n, port: 8333 }]);
    expect(toEndpoint(addresses[0]!)).toEqual({ host: '10.0.0.1', port: 8333 });
  });

  it('rejects more than 1,000 addresses', () => {
    const entry = '00000000 0000000000000000 00000000000000000000000000000000 0000';
    expect(error('addr', `fde803${entry.repeat(1000)}`)).toBeUndefined();
    expect(error('addr', `fde903${entry.repeat(1001)}`)).toBe('oversized');
  });
});

describe('addrv2 (BIP155)', () => {
  const one = (network: string, address: string, port = '208d') =>
    `01 61bc6649 00 ${network} ${(address.length / 2).toString(16).padStart(2, '0')} ${address} ${port}`;
  const read = (hex: string) => known('addrv2', hex).addresses[0]!;

  it("decodes the list of Bitcoin Core's tests", () => {
    // src/test/netbase_tests.cpp: stream_addrv2_hex
    const { addresses } = known(
      'addrv2',
      `03
       61bc6649 00 02 10 00000000000000000000000000000001 0000
       79627683 01 02 10 00000000000000000000000000000001 00f1
       ffffffff fd4804 02 10 00000000000000000000000000000001 f1f2`.replace(/\s+/g, ' '),
    );
    expect(addresses).toMatchObject([
      { time: 0x4966bc61, services: 0n, port: 0 },
      { time: 0x83766279, services: 1n, port: 0xf1 },
      { time: 0xffffffff, services: 0x448n, port: 0xf1f2 },
    ]);
    expect(toEndpoint(addresses[1]!)).toEqual({ host: '::1', port: 0xf1 });
  });

  it('decodes the addresses of every network', () => {
    // The addresses of src/test/net_tests.cpp: cnetaddr_unserialize_v2
    expect(toEndpoint(read(one('01', '01020304')))).toEqual({ host: '1.2.3.4', port: 8333 });
    expect(toEndpoint(read(one('02', '0102030405060708090a0b0c0d0e0f10')))?.host).toBe(
      '102:304:506:708:90a:b0c:d0e:f10',
    );
    const torV3 = '79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f';
    expect(toEndpoint(read(one('04', torV3)))).toBeUndefined();
    expect(read(one('05', 'a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87')).network).toBe(5);
    expect(read(one('06', 'fc000001000200030004000500060007')).network).toBe(6);
  });

  it('skips addresses of unknown networks, and IPv4 or Tor v2 addresses embedded in IPv6', () => {
    for (const skipped of [
      one('aa', '01020304'),
      one('03', 'f1f2f3f4f5f6f7f8f9fa'),
      one('02', '00000000000000000000ffff01020304'),
      one('02', 'fd87d87eeb43f1f2f3f4f5f6f7f8f9fa'),
      one('06', 'aa000001000200030004000500060007'),
    ]) {
      expect(decodeMessage('addrv2', fromHex(skipped.replaceAll(' ', ''))).addresses).toEqual([]);
    }
  });

  it('rejects addresses of the wrong length or of more than 512 bytes', () => {
    for (const wrong of [
      one('01', '0102'),
      one('02', '01020304'),
      one('04', '00'),
      one('05', '0102'),
      one('06', '00'),
    ]) {
      expect(error('addrv2', wrong)).toBe('invalid');
    }
    expect(error('addrv2', `01 00000000 00 aa fd0102 ${'00'.repeat(513)} 0000`)).toBe('oversized');
    expect(error('addrv2', `01 00000000 00 aa fd0002 ${'00'.repeat(512)} 0000`)).toBeUndefined();
  });

  it('keeps all 64 bits of the services', () => {
    const message = {
      addresses: [{ time: 1, services: 2n ** 64n - 1n, network: 1, address: fromHex('01020304'), port: 1 }],
    };
    expect(decodeMessage('addrv2', encodeMessage('addrv2', message))).toEqual(message);
  });
});

describe('inventory', () => {
  it('decodes an inv of two transactions', () => {
    // https://developer.bitcoin.org/reference/p2p_networking.html#inv
    const { entries } = known(
      'inv',
      '02 01000000 de55ffd709ac1f5dc509a0925d0b1fc442ca034f224732e429081da1b621f55a ' +
        '01000000 91d36d997037e08018262978766f24b8a055aaf1d872e94ae85e9817b2c68dc7',
    );
    const [first, second] = [...entries];
    expect([first!.type, second!.type]).toEqual([1, 1]);
    // A view would keep the whole payload in memory.
    expect(first!.hash.buffer.byteLength).toBe(32);
    expect(toReversedHex(first!.hash)).toBe('5af521b6a11d0829e43247224f03ca42c41f0b5d92a009c55d1fac09d7ff55de');
  });

  it.each(['inv', 'getdata', 'notfound'] as const)('rejects a %s of more than 50,000 entries', (command) => {
    const entries = new Array(50_001).fill({ type: 1, hash: new Uint8Array(32) });
    const most = encodeMessage(command, { entries: entries.slice(1) });
    expect(decodeMessage(command, most).entries.length).toBe(50_000);
    expect(error(command, encodeMessage(command, { entries }))).toBe('oversized');
  });
});

describe('locators', () => {
  // https://developer.bitcoin.org/reference/p2p_networking.html#getheaders, with our protocol version
  const example =
    '80110100 02 d39f608a7775b537729884d4e6633bb2105e55a16a14d31b0000000000000000 ' +
    `5c3e6403d40837110a2e8afb602b1c01714bda7ce23bea0a0000000000000000 ${'00'.repeat(32)}`;

  it.each(['getheaders', 'getblocks'] as const)('decodes and encodes %s', (command) => {
    const { locator, stop } = known(command, example);
    expect(locator).toHaveLength(2);
    expect(toHex(stop)).toBe('00'.repeat(32));
    expect(error(command, `80110100 65 ${'11'.repeat(32 * 101)} ${'00'.repeat(32)}`)).toBeUndefined();
    expect(error(command, `80110100 66 ${'11'.repeat(32 * 102)} ${'00'.repeat(32)}`)).toBe('oversized');
  });
});

describe('headers', () => {
  it("decodes the header of mainnet's block 1, with a transaction count of 0", () => {
    const { headers } = known(
      'headers',
      '01 01000000 6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000 ' +
        '982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e 61bc6649 ffff001d 01e36299 00',
    );
    expect(headers[0]!.hashHex).toBe('00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048');
  });

  it('rejects more than 2,000 headers', () => {
    const { header } = chainParams('main').genesis;
    const headers = new Array(2001).fill(header);
    expect(decodeMessage('headers', encodeMessage('headers', { headers: headers.slice(1) })).headers).toHaveLength(
      2000,
    );
    expect(error('headers', encodeMessage('headers', { headers }))).toBe('oversized');
  });
});

describe('small messages', () => {
  it('have the encodings of their BIPs', () => {
    // https://developer.bitcoin.org/reference/p2p_networking.html
    expect(known('ping', '0094102111e2af4d')).toEqual({ nonce: 0x4dafe21121109400n });
    expect(known('pong', '0094102111e2af4d')).toEqual({ nonce: 0x4dafe21121109400n });
    expect(known('ping', '')).toEqual({ nonce: undefined });
    expect(known('feefilter', '7cbd000000000000')).toEqual({ feeRate: 48508n });
    // BIP152
    expect(known('sendcmpct', '01 0200000000000000')).toEqual({ highBandwidth: true, version: 2n });
    for (const command of ['verack', 'getaddr', 'sendaddrv2', 'wtxidrelay', 'sendheaders', 'mempool'] as const) {
      expect(known(command, '')).toEqual({});
    }
    expect(error('pong', '00')).toBe('truncated');
    expect(error('feefilter', '00')).toBe('truncated');
    expect(error('sendcmpct', '01')).toBe('truncated');
  });
});

const MAINNET_BLOCK = '000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae';

describeVectors('blocks and transactions', `blocks/mainnet-${MAINNET_BLOCK}.raw`, () => {
  it('round-trip, as views of the payload', () => {
    const raw = vectorBytes(`blocks/mainnet-${MAINNET_BLOCK}.raw`);
    const block = decodeMessage('block', raw);
    expect(block.hashHex).toBe(MAINNET_BLOCK);
    expect(encodeMessage('block', block).buffer).toBe(raw.buffer);
    const tx = block.transactions.find((candidate) => candidate.hasWitness)!;
    const copy = decodeMessage('tx', encodeMessage('tx', new Transaction(tx)));
    expect(toHex(copy.wtxid)).toBe(toHex(tx.wtxid));
    expect(toHex(copy.wtxid)).not.toBe(toHex(copy.txid));
  });
});

describe('BIP152 messages', () => {
  const hash = '11'.repeat(32);

  it('encode indexes differentially', () => {
    expect(known('getblocktxn', `${hash} 05 00 00 01 fdfd00 fd0010`).indexes).toEqual([0, 1, 3, 257, 4354]);
    expect(known('getblocktxn', `${hash} 01 fdffff`).indexes).toEqual([65_535]);
    expect(error('getblocktxn', `${hash} 01 fe00000100`)).toBe('invalid');
    expect(error('getblocktxn', `${hash} 02 00 fdffff`)).toBe('invalid');
    expect(known('blocktxn', `${hash} 00`).transactions).toEqual([]);
  });

  it('are rejected with more transactions than 16-bit indexes can address', () => {
    const start = `${'00'.repeat(80)} 0100000000000000`;
    const ids = (count: number) =>
      `fe${count
        .toString(16)
        .padStart(8, '0')
        .replace(/(..)(..)(..)(..)/, '$4$3$2$1')}`;
    const message = (count: number) =>
      `${start} ${count < 65_536 ? 'fdffff' : ids(count)} ${'010000000002'.repeat(count)} 00`;
    const { shortIds } = decodeMessage('cmpctblock', fromHex(message(65_535).replaceAll(' ', '')));
    expect([...shortIds][0]).toBe(2 ** 41 + 1);
    expect(error('cmpctblock', message(65_536))).toBe('invalid');
  });
});

describe('BIP157 messages', () => {
  const hash = '22'.repeat(32);

  it('have the fields of the BIP in its order', () => {
    const range = { filterType: 0, startHeight: 0x0001_0203, stopHash: fromHex(hash) };
    expect(known('getcfilters', `00 03020100 ${hash}`)).toEqual(range);
    expect(known('getcfheaders', `00 03020100 ${hash}`)).toEqual(range);
    expect(known('getcfcheckpt', `ff ${hash}`)).toEqual({ filterType: 255, stopHash: fromHex(hash) });
    expect(toHex(known('cfilter', `00 ${hash} 04 019dfca8`).filter)).toBe('019dfca8');
    const cfheaders = known('cfheaders', `00 ${hash} ${'33'.repeat(32)} 02 ${'44'.repeat(32)} ${'55'.repeat(32)}`);
    expect(toHex(cfheaders.previousHeader)).toBe('33'.repeat(32));
    expect(cfheaders.filterHashes.map(toHex)).toEqual(['44'.repeat(32), '55'.repeat(32)]);
    expect(known('cfcheckpt', `00 ${hash} 01 ${'66'.repeat(32)}`).filterHeaders.map(toHex)).toEqual(['66'.repeat(32)]);
  });

  it('are rejected if truncated', () => {
    for (const [command, hex] of [
      ['getcfilters', `00 03020100 ${hash}`],
      ['getcfheaders', `00 03020100 ${hash}`],
      ['getcfcheckpt', `00 ${hash}`],
      ['cfilter', `00 ${hash} 04 019dfca8`],
      ['cfheaders', `00 ${hash} ${hash} 01 ${hash}`],
      ['cfcheckpt', `00 ${hash} 01 ${hash}`],
    ] as const) {
      expect(error(command, hex)).toBeUndefined();
      expect(error(command, hex.slice(0, -2))).toBe('truncated');
    }
  });

  it('hold at most 2,000 filter hashes', () => {
    const start = `00 ${hash} ${hash}`;
    expect(error('cfheaders', `${start} fdd007 ${hash.repeat(2_000)}`)).toBeUndefined();
    expect(error('cfheaders', `${start} fdd107 ${hash.repeat(2_001)}`)).toBe('oversized');
  });
});

describe('every codec', () => {
  it('is listed under its command, which fits the command field', () => {
    for (const [name, codec] of Object.entries(codecs)) {
      expect(codec.command).toBe(name);
      expect(name.length).toBeLessThanOrEqual(12);
    }
    expect(Object.keys(codecs)).toHaveLength(34);
  });

  it('decodes hostile bytes or throws a DecodeError', () => {
    const commands = Object.keys(codecs) as Command[];
    fc.assert(
      fc.property(fc.constantFrom(...commands), fc.uint8Array({ maxLength: 400 }), (command, bytes) => {
        try {
          encodeMessage(command, decodeMessage(command, bytes));
        } catch (caught) {
          expect(caught).toBeInstanceOf(DecodeError);
        }
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('does not allocate an announced length', () => {
    // Two bytes of content, and counts of 32 MiB or just below the limits.
    for (const command of Object.keys(codecs) as Command[]) {
      for (const count of ['fe00000002', 'fdffff', 'fd50c3', 'fde803']) {
        const before = process.memoryUsage().arrayBuffers;
        error(command, `${count}0000`);
        expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
      }
    }
  });

  it('decodes what it encodes', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const address: fc.Arbitrary<PeerAddress> = fc.record({
      time: fc.nat(0xffff_ffff),
      services: fc.bigInt(0n, 2n ** 64n - 1n),
      network: fc.constant(1),
      address: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      port: fc.nat(65_535),
    });
    fc.assert(
      fc.property(
        fc.array(hash, { maxLength: 101 }),
        hash,
        fc.array(address, { maxLength: 20 }),
        (locator, stop, addresses) => {
          expect(decodeMessage('getheaders', encodeMessage('getheaders', { locator, stop }))).toEqual({
            locator,
            stop,
          });
          const entries = locator.map((item, i) => ({ type: i, hash: item }));
          expect([...decodeMessage('getdata', encodeMessage('getdata', { entries })).entries]).toEqual(entries);
          expect(decodeMessage('addr', encodeMessage('addr', { addresses }))).toEqual({ addresses });
          expect(decodeMessage('addrv2', encodeMessage('addrv2', { addresses }))).toEqual({ addresses });
        },
      ),
      { seed: 2, numRuns: 60 },
    );
  });
});
