import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { fromHex, toHex } from '../../../src/bytes/hex.ts';
import { chainParams, regtest } from '../../../src/consensus/params.ts';
import { payloadBlocks } from '../../../src/p2p/transport/block-pool.ts';
import { FramingError, type RawMessage } from '../../../src/p2p/transport/framing.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';

const main = chainParams('main').magic;

/** Feeds chunks to a new parser, and returns the messages and the error's code. */
function parse(chunks: readonly Uint8Array[], magic = main): { messages: RawMessage[]; error?: string } {
  const framing = new V1Framing(magic);
  const messages: RawMessage[] = [];
  try {
    for (const chunk of chunks) framing.receive(chunk, (message) => messages.push(message));
  } catch (error) {
    if (error instanceof FramingError) return { messages, error: error.code };
    throw error;
  }
  return { messages };
}

function frame(command: string, payload: Uint8Array = new Uint8Array(0), magic = main): Uint8Array {
  return concatBytes(...new V1Framing(magic).frame(command, payload));
}

describe('V1Framing', () => {
  // https://en.bitcoin.it/wiki/Protocol_documentation#verack and #version
  const verack = 'f9beb4d976657261636b000000000000000000005df6e0e2';
  const version =
    'f9beb4d976657273696f6e000000000064000000358d493262ea0000010000000000000011b2d0500000000001000000000000000000000000000000' +
    '0000ffff000000000000000000000000000000000000000000000000ffff0000000000003b2eb35d8ce617650f2f5361746f7368693a302e372e322f' +
    'c03e0300';

  it('encodes and decodes the examples of the protocol documentation', () => {
    expect(toHex(frame('verack'))).toBe(verack);
    const payload = fromHex(version).slice(24);
    expect(toHex(frame('version', payload))).toBe(version);
    const { messages } = parse([fromHex(version), fromHex(verack)]);
    expect(messages.map(({ command, size, fault }) => [command, size, fault])).toEqual([
      ['version', 124, undefined],
      ['verack', 24, undefined],
    ]);
    expect(toHex(messages[0]!.payload)).toBe(toHex(payload));
  });

  it('decodes the same messages however the stream is split into chunks', () => {
    const payloads = [0, 1, 23, 24, 25, 1000, 70_000].map((length) => new Uint8Array(length).map((_, i) => i * 7));
    const stream = concatBytes(...payloads.map((payload, i) => frame(`test${i}`, payload)));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 60 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end));
        const { messages } = parse(chunks);
        expect(messages.map(({ command }) => command)).toEqual(payloads.map((_, i) => `test${i}`));
        expect(messages.every(({ payload }, i) => Buffer.compare(payload, payloads[i]!) === 0)).toBe(true);
      }),
      { seed: 3, numRuns: 100 },
    );
    expect(parse(Array.from(stream, (byte) => Uint8Array.of(byte))).messages).toHaveLength(7);
  });

  it('carries the largest payload, and frames large ones without copying', () => {
    const payload = new Uint8Array(4_000_000).fill(7);
    const parts = new V1Framing(main).frame('block', payload);
    expect(parts[1]).toBe(payload);
    const stream = concatBytes(...parts);
    const chunks = Array.from({ length: Math.ceil(stream.length / 65_536) }, (_, i) =>
      stream.subarray(i * 65_536, (i + 1) * 65_536),
    );
    const [message] = parse(chunks).messages;
    expect(message!.fault).toBeUndefined();
    expect(Buffer.compare(message!.payload, payload)).toBe(0);
  });

  it('copies payloads out of the socket buffer', () => {
    const bytes = frame('tx', new Uint8Array(300).fill(1));
    const { messages } = parse([bytes]);
    bytes.fill(0);
    expect(messages[0]!.payload.every((byte) => byte === 1)).toBe(true);
    expect(messages[0]!.payload.buffer.byteLength).toBe(300);
  });
});

describe('the memory of a long payload', () => {
  const receive = (framing: V1Framing, bytes: Uint8Array) => {
    const messages: RawMessage[] = [];
    framing.receive(bytes, (message) => messages.push(message));
    return messages;
  };

  it.each(['inv', 'getdata', 'notfound', 'cmpctblock', 'getheaders', 'getblocks', 'unknown'])(
    'of %s is used again once the message is handled',
    (command) => {
      const before = payloadBlocks.used;
      const [message] = receive(new V1Framing(main), frame(command, new Uint8Array(100_000).fill(7)));
      expect(Buffer.compare(message!.payload, new Uint8Array(100_000).fill(7))).toBe(0);
      expect(payloadBlocks.used - before).toBe(1);
      message!.release!();
      expect(payloadBlocks.used - before).toBe(0);
    },
  );

  it.each(['tx', 'block', 'blocktxn', 'headers', 'addr'])(
    'of %s is its own, since what is decoded keeps it',
    (command) => {
      const [message] = receive(new V1Framing(main), frame(command, new Uint8Array(100_000)));
      expect([message!.release, message!.payload.buffer.byteLength]).toEqual([undefined, 100_000]);
    },
  );

  it('is given back when the connection is closed before the payload is complete', () => {
    const before = payloadBlocks.used;
    const framing = new V1Framing(main);
    receive(framing, frame('inv', new Uint8Array(100_000)).subarray(0, 50_000));
    expect(payloadBlocks.used - before).toBe(1);
    framing.close();
    expect([payloadBlocks.used - before, framing.pendingBytes]).toEqual([0, 24]);
  });
});

describe('V1Framing with hostile bytes', () => {
  it('fails at the first byte of a wrong magic', () => {
    for (let i = 0; i < 4; i++) {
      const bytes = frame('ping');
      bytes[i]! ^= 1;
      expect(parse([bytes.subarray(0, i)]).error).toBeUndefined();
      expect(parse([bytes.subarray(0, i + 1)]).error).toBe('bad-magic');
    }
    expect(parse([frame('ping', undefined, regtest.magic)]).error).toBe('bad-magic');
    const { messages, error } = parse([concatBytes(frame('ping'), Uint8Array.of(0))]);
    expect([messages.length, error]).toEqual([1, 'bad-magic']);
  });

  it('fails on a length over 4,000,000', () => {
    const header = (length: number) => {
      const bytes = frame('block');
      new DataView(bytes.buffer).setUint32(16, length, true);
      return bytes;
    };
    expect(parse([header(4_000_000)]).error).toBeUndefined();
    expect(parse([header(4_000_001)]).error).toBe('oversized-message');
    expect(parse([header(0xffff_ffff)]).error).toBe('oversized-message');
  });

  it('allocates little memory for an announced length', () => {
    const framing = new V1Framing(main);
    const header = frame('block');
    new DataView(header.buffer).setUint32(16, 4_000_000, true);
    framing.receive(header, () => {});
    expect(framing.pendingBytes).toBeLessThan(300_000);
    framing.receive(new Uint8Array(262_144), () => {});
    expect(framing.pendingBytes).toBeLessThan(300_000);
    framing.receive(new Uint8Array(1), () => {});
    expect(framing.pendingBytes).toBeGreaterThan(4_000_000);
    expect(framing.pendingBytes).toBeLessThan(4_000_100);
  });

  it('checks the checksum of a long message whose payload arrives in pieces', () => {
    const long = new Uint8Array(200_000).map((_, i) => i * 7);
    const damaged = frame('tx', long);
    damaged[150_000]! ^= 1;
    const other = frame('xyz\u00e9', long);
    const stream = concatBytes(damaged, frame('tx', long), other, frame('ping', new Uint8Array(8)), frame('tx', long));
    const chunks = Array.from({ length: Math.ceil(stream.length / 8_192) }, (_, i) =>
      stream.subarray(i * 8_192, (i + 1) * 8_192),
    );
    const faults = parse(chunks).messages.map(({ fault }) => fault);
    expect(faults).toEqual(['checksum', undefined, 'command', undefined, undefined]);
  });

  it('marks only the one message whose checksum or command is wrong', () => {
    const badChecksum = frame('ping', Uint8Array.of(1, 2, 3));
    badChecksum[20]! ^= 1;
    const badPayload = frame('ping', Uint8Array.of(1, 2, 3));
    badPayload[24]! ^= 1;
    const notPadded = frame('pi');
    notPadded[10] = 0x61;
    const notPrintable = frame('p\u001fng');
    const full = frame('abcdefghijkl');
    const { messages, error } = parse([
      concatBytes(badChecksum, badPayload, notPadded, notPrintable, full, frame('pong')),
    ]);
    expect(error).toBeUndefined();
    expect(messages.map(({ command, fault }) => fault ?? command)).toEqual([
      'checksum',
      'checksum',
      'command',
      'command',
      'abcdefghijkl',
      'pong',
    ]);
  });
});
