import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../src/bytes/compare.ts';
import { chainParams, regtest } from '../../../../src/consensus/params.ts';
import { V1Framing } from '../../../../src/p2p/transport/v1-framing.ts';
import { DetectingFraming } from '../../../../src/p2p/transport/v2/detecting-framing.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { exchange, FramingEnd, v2Framing } from './support.ts';

const detecting = () => new FramingEnd(new DetectingFraming(regtest.magic, new SeededRandom(6)));
const v1 = (command: string, payload: Uint8Array, magic = regtest.magic) =>
  concatBytes(...new V1Framing(magic).frame(command, payload));

describe('DetectingFraming', () => {
  it('detects v1 after 16 bytes, however they are split, and sends nothing', () => {
    const stream = concatBytes(v1('version', new Uint8Array(86)), v1('verack', new Uint8Array(0)));
    for (let cut = 0; cut <= stream.length; cut++) {
      const end = detecting();
      end.feed(stream.subarray(0, cut));
      expect(end.framing.version).toBe(cut < 16 ? 'detecting' : 'v1');
      end.feed(stream.subarray(cut));
      expect(end.messages.map(({ command, size }) => [command, size])).toEqual([
        ['version', 110],
        ['verack', 24],
      ]);
      expect([end.replies, end.error, end.framing.isOpen]).toEqual([[], undefined, true]);
    }
    const bytewise = detecting();
    bytewise.feed(...Array.from(stream, (byte) => Uint8Array.of(byte)));
    expect(bytewise.messages).toHaveLength(2);
  });

  it('detects v2 at the first byte that differs from the v1 prefix', () => {
    const prefix = v1('version', new Uint8Array(0)).subarray(0, 16);
    for (let i = 0; i < 16; i++) {
      const end = detecting();
      const bytes = Uint8Array.from(prefix);
      bytes[i]! ^= 1;
      end.feed(bytes.subarray(0, i));
      expect(end.replies).toEqual([]);
      end.feed(bytes.subarray(i, i + 1));
      // A key and up to 4,095 bytes of garbage.
      expect(end.replies[0]!.length).toBeGreaterThanOrEqual(64);
      expect(end.replies[0]!.length).toBeLessThanOrEqual(64 + 4095);
    }
  });

  it('exchanges messages over v2', () => {
    const [initiator, responder] = [new FramingEnd(v2Framing(1, true)), detecting()];
    exchange(initiator, responder);
    expect(responder.framing.version).toBe('v2');
    expect(responder.framing.sessionId).toEqual(initiator.framing.sessionId);
    responder.feed(...initiator.framing.frame('ping', new Uint8Array(8)));
    initiator.feed(...responder.framing.frame('pong', new Uint8Array(8)));
    expect([responder.messages[0]!.command, initiator.messages[0]!.command]).toEqual(['ping', 'pong']);
  });

  it('fails on a v1 version message of another network instead of waiting for a key', () => {
    const end = detecting();
    const bytes = v1('version', new Uint8Array(86), chainParams('main').magic);
    end.feed(bytes.subarray(0, 15));
    expect(end.error).toBeUndefined();
    end.feed(bytes.subarray(15, 16));
    expect(end.error).toBe('bad-magic');
  });
});
