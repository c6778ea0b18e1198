import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../../../src/bytes/hex.ts';
import { IGNORE_FLAG } from '../../../../src/p2p/transport/v2/session.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { exchange, FramingEnd, openPacket, respond, seedOfShortGreeting, v2Framing } from './support.ts';

const nothing = new Uint8Array(0);
const payloads: readonly (readonly [string, Uint8Array])[] = [
  ['version', new Uint8Array(100).map((_, i) => i)],
  ['verack', nothing],
  ['ping', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)],
];

/** Returns the bytes an initiator sends: greeting, terminator, version packet and the messages of `payloads`. */
function conversation(initiatorSeed: number, responderSeed: number) {
  const [a, b] = [new FramingEnd(v2Framing(initiatorSeed, true)), new FramingEnd(v2Framing(responderSeed, false))];
  const greeting = concatBytes(...a.drain());
  a.feed(...b.drain());
  const stream = [greeting, ...a.drain()];
  for (const [command, payload] of payloads) stream.push(...a.framing.frame(command, payload));
  return { greeting, stream: concatBytes(...stream), responder: () => new FramingEnd(v2Framing(responderSeed, false)) };
}

function expectAll(end: FramingEnd): void {
  expect(end.error).toBeUndefined();
  expect(end.messages.map(({ command, payload }) => [command, toHex(payload)])).toEqual(
    payloads.map(([command, payload]) => [command, toHex(payload)]),
  );
}

describe('a v2 connection', () => {
  it('is reported as v2 once both ends have received a version packet', () => {
    const [a, b] = [new FramingEnd(v2Framing(1, true)), new FramingEnd(v2Framing(2, false))];
    expect([a.framing.isOpen, a.framing.version, a.framing.sessionId]).toEqual([false, 'detecting', undefined]);
    expect(a.framing.shouldReconnectV1).toBe(true);
    exchange(a, b);
    for (const { framing } of [a, b]) {
      expect([framing.isOpen, framing.version, framing.shouldReconnectV1]).toEqual([true, 'v2', false]);
    }
    expect(a.framing.sessionId).toHaveLength(32);
    expect(toHex(a.framing.sessionId!)).toBe(toHex(b.framing.sessionId!));
    const [c, d] = [new FramingEnd(v2Framing(1, true)), new FramingEnd(v2Framing(3, false))];
    exchange(c, d);
    expect(toHex(c.framing.sessionId!)).not.toBe(toHex(a.framing.sessionId!));
  });

  it('decodes the same messages with a chunk boundary at any byte, and at every byte', () => {
    const { stream, responder } = conversation(seedOfShortGreeting(90), 500);
    for (let cut = 0; cut <= stream.length; cut++) {
      const end = responder();
      end.feed(stream.subarray(0, cut), stream.subarray(cut));
      expectAll(end);
    }
    const end = responder();
    end.feed(...Array.from(stream, (byte) => Uint8Array.of(byte)));
    expectAll(end);
  });

  it('carries messages of many sizes across rekeying', () => {
    const [a, b] = [new FramingEnd(v2Framing(11, true)), new FramingEnd(v2Framing(12, false))];
    exchange(a, b);
    const random = new SeededRandom(8);
    const sent: Uint8Array[] = [];
    let bytes = 0;
    for (let i = 0; i < 700; i++) {
      const size = i % 100 === 99 ? 16_000 + i * 3 : i % 37;
      const payload = random.bytes(size);
      sent.push(payload);
      const [from, to] = i % 3 === 0 ? [b, a] : [a, b];
      const parts = from.framing.frame('tx', payload);
      bytes += concatBytes(...parts).length;
      // A one-byte message type, the payload, and the 20 bytes of a packet.
      expect(concatBytes(...parts)).toHaveLength(21 + size);
      to.feed(...parts);
    }
    expect(a.error ?? b.error).toBeUndefined();
    const [toA, toB] = [sent.filter((_, i) => i % 3 === 0), sent.filter((_, i) => i % 3 !== 0)];
    for (const [end, expected] of [
      [a, toA],
      [b, toB],
    ] as const) {
      expect(end.messages).toHaveLength(expected.length);
      expect(end.messages.every(({ payload }, i) => Buffer.compare(payload, expected[i]!) === 0)).toBe(true);
    }
    expect([...a.messages, ...b.messages].reduce((sum, { size }) => sum + size, 0)).toBe(bytes);
  });

  it("carries the largest payload without changing the sender's buffer", () => {
    const [a, b] = [new FramingEnd(v2Framing(1, true)), new FramingEnd(v2Framing(2, false))];
    exchange(a, b);
    const payload = new Uint8Array(4_000_000).fill(7);
    const parts = a.framing.frame('sendheaders', payload);
    expect(parts.length).toBeGreaterThan(1);
    const stream = concatBytes(...parts);
    for (let at = 0; at < stream.length; at += 65_536) b.feed(stream.subarray(at, at + 65_536));
    expect(b.messages[0]).toMatchObject({ command: 'sendheaders', size: 4_000_000 + 13 + 20 });
    expect(Buffer.compare(b.messages[0]!.payload, payload)).toBe(0);
    expect(payload.every((byte) => byte === 7)).toBe(true);
  });
});

describe('message types', () => {
  // https://github.com/bitcoin/bips/blob/master/bip-0324.mediawiki#v2-bitcoin-p2p-message-structure
  it.each([
    ['addr', '01'],
    ['block', '02'],
    ['blocktxn', '03'],
    ['cmpctblock', '04'],
    ['feefilter', '05'],
    ['getdata', '0b'],
    ['headers', '0d'],
    ['inv', '0e'],
    ['notfound', '11'],
    ['ping', '12'],
    ['pong', '13'],
    ['sendcmpct', '14'],
    ['tx', '15'],
    ['cfcheckpt', '1b'],
    ['addrv2', '1c'],
    ['version', '0076657273696f6e0000000000'],
    ['sendaddrv2', '0073656e6461646472763200' + '00'],
  ])('encode %s as %s', (command, name) => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    end.feed(session.sendTerminator, ...session.seal(Uint8Array.of(0), nothing));
    const [packet] = end.framing.frame(command, Uint8Array.of(0xaa));
    expect(toHex(openPacket(session, packet!)!)).toBe(`00${name}aa`);
    end.feed(...session.seal(fromHex(`00${name}`), Uint8Array.of(0xbb)));
    expect(end.messages).toMatchObject([{ command, payload: Uint8Array.of(0xbb) }]);
  });

  it('that are unknown mark only their message', () => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    end.feed(session.sendTerminator, ...session.seal(Uint8Array.of(0), nothing));
    const unknown = [
      '',
      '1d',
      '20',
      'ff',
      '00',
      '0070696e67000000000000',
      '0070696e6700000000000061',
      '001f00000000000000000000',
    ];
    for (const contents of [...unknown.map((hex) => fromHex(hex)), fromHex('12')]) {
      end.feed(...session.seal(Uint8Array.of(0), contents));
    }
    expect(end.error).toBeUndefined();
    expect(end.messages.map(({ command, fault }) => fault ?? command)).toEqual([
      ...unknown.map(() => 'command'),
      'ping',
    ]);
  });

  it('may be long for commands that have a short one', () => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    end.feed(session.sendTerminator, ...session.seal(Uint8Array.of(0), nothing));
    end.feed(...session.seal(fromHex('000070696e670000000000000000'), Uint8Array.of(5)));
    expect(end.messages).toMatchObject([{ command: 'ping', payload: Uint8Array.of(5) }]);
  });
});

describe('decoys and garbage', () => {
  it('are ignored before and after the version packet, as are its contents', () => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    const garbage = new SeededRandom(3).bytes(4095);
    const decoy = (size: number, aad: Uint8Array = nothing) =>
      session.seal(Uint8Array.of(IGNORE_FLAG), new Uint8Array(size), aad);
    end.feed(garbage, session.sendTerminator, ...decoy(0, garbage), ...decoy(70_000));
    expect(end.framing.version).toBe('detecting');
    // The other seven bits of the header byte are reserved.
    end.feed(...session.seal(Uint8Array.of(0x7f), new Uint8Array(50)));
    expect(end.framing.version).toBe('v2');
    end.feed(...decoy(0), ...session.seal(Uint8Array.of(0x01, 18), new Uint8Array(8)), ...decoy(20));
    expect(end.error).toBeUndefined();
    expect(end.messages.map(({ command }) => command)).toEqual(['ping']);
  });

  it('are authenticated by the first packet only', () => {
    const garbage = Uint8Array.of(1, 2, 3);
    const first = new FramingEnd(v2Framing(1, true));
    const a = respond(first);
    first.feed(garbage, a.sendTerminator, ...a.seal(Uint8Array.of(IGNORE_FLAG), nothing));
    expect(first.error).toBe('bad-packet');
    const second = new FramingEnd(v2Framing(1, true));
    const b = respond(second);
    second.feed(garbage, b.sendTerminator, ...b.seal(Uint8Array.of(IGNORE_FLAG), nothing, garbage));
    second.feed(...b.seal(Uint8Array.of(0), nothing, garbage));
    expect(second.error).toBe('bad-packet');
  });

  it('without a terminator fail after 4,095 bytes of garbage', () => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    end.feed(new Uint8Array(4095), session.sendTerminator.subarray(0, 15));
    expect(end.error).toBeUndefined();
    end.feed(Uint8Array.of(session.sendTerminator[15]! ^ 1));
    expect(end.error).toBe('no-garbage-terminator');

    const later = new FramingEnd(v2Framing(1, true));
    const other = respond(later);
    later.feed(concatBytes(new Uint8Array(4096), other.sendTerminator));
    expect(later.error).toBe('no-garbage-terminator');
  });
});

describe('V2Framing with hostile bytes', () => {
  it('delivers no message that was not sent, whichever bit of the stream is flipped', () => {
    const { greeting, stream, responder } = conversation(seedOfShortGreeting(80), 4);
    const endings: Record<string, number> = {};
    for (let i = 64; i < stream.length; i++) {
      const bytes = Uint8Array.from(stream);
      bytes[i]! ^= 1 << (i % 8);
      const end = responder();
      end.feed(bytes, new Uint8Array(5000));
      const before = Math.max(0, end.messages.length);
      expect(end.messages.map(({ command }) => command)).toEqual(payloads.slice(0, before).map(([name]) => name));
      expect(end.messages.length).toBeLessThan(payloads.length);
      const ending = end.error ?? 'waits';
      endings[ending] = (endings[ending] ?? 0) + 1;
      // The first packet authenticates the garbage; the terminator must match.
      if (i < greeting.length) expect(end.error).toBe('bad-packet');
      else if (i < greeting.length + 16) expect(end.error).toBe('no-garbage-terminator');
    }
    // A length field is not authenticated by itself: a flipped bit is detected once as many bytes have arrived.
    expect(endings['bad-packet']).toBeGreaterThan(150);
    expect(endings.waits ?? 0).toBeLessThanOrEqual(8);
  });

  it('finds no terminator if the key was replaced', () => {
    const { stream, responder } = conversation(1, 2);
    stream[10]! ^= 1;
    const end = responder();
    end.feed(stream, new Uint8Array(5000));
    expect([end.error, end.messages.length]).toEqual(['no-garbage-terminator', 0]);
    expect(end.framing.version).toBe('detecting');
  });

  it('fails on a length over that of the longest message, and allocates little for an announced length', () => {
    for (const [length, error] of [
      [4_000_013, undefined],
      [4_000_014, 'oversized-message'],
    ] as const) {
      const framing = v2Framing(1, true);
      const end = new FramingEnd(framing);
      const session = respond(end);
      end.feed(session.sendTerminator, ...session.seal(Uint8Array.of(0), nothing));
      const [start] = session.seal(Uint8Array.of(0), new Uint8Array(length));
      end.feed(start!.subarray(0, 4));
      expect(end.error).toBe(error);
      expect(framing.pendingBytes).toBeLessThan(300_000);
    }
  });

  it('fails on a replayed packet', () => {
    const end = new FramingEnd(v2Framing(1, true));
    const session = respond(end);
    end.feed(session.sendTerminator, ...session.seal(Uint8Array.of(0), nothing));
    const ping = concatBytes(...session.seal(Uint8Array.of(0, 18), new Uint8Array(8)));
    end.feed(ping, ping, new Uint8Array(5_000_000));
    expect(end.messages).toHaveLength(1);
    expect(end.error).toMatch(/bad-packet|oversized-message/);
  });
});
