import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/bytes/compare.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { payloadBlocks } from '../../../src/p2p/transport/block-pool.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import { DetectingFraming } from '../../../src/p2p/transport/v2/detecting-framing.ts';
import { V2Framing } from '../../../src/p2p/transport/v2/v2-framing.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { peerOnWire } from '../support/peer-on-wire.ts';

const { magic } = regtest;
const payload = new Uint8Array(100_000).fill(7);
const v1Message = concatBytes(...new V1Framing(magic).frame('inv', payload));

/** Both ends of an encrypted connection after the exchange of keys. */
function encrypted() {
  const caller = new V2Framing({ magic, initiating: true }, new SeededRandom(1));
  const called = new DetectingFraming(magic, new SeededRandom(2));
  const toCaller: Uint8Array[] = [];
  const toCalled: Uint8Array[] = [...caller.start()];
  while (toCaller.length + toCalled.length > 0) {
    for (const bytes of toCalled.splice(0))
      called.receive(
        bytes,
        () => {},
        (reply) => toCaller.push(reply),
      );
    for (const bytes of toCaller.splice(0))
      caller.receive(
        bytes,
        () => {},
        (reply) => toCalled.push(reply),
      );
  }
  return { called, message: concatBytes(...caller.frame('inv', payload)) };
}

describe('the block of an incomplete payload is given back', () => {
  it('when the peer is disconnected', () => {
    const before = payloadBlocks.used;
    const { peer, connection } = peerOnWire(new VirtualClock());
    connection.arrive(v1Message.subarray(0, 50_000));
    expect(payloadBlocks.used - before).toBe(1);
    peer.disconnect('test');
    expect(payloadBlocks.used - before).toBe(0);
  });

  it('when a connection whose format was detected is closed', () => {
    const before = payloadBlocks.used;
    const framing = new DetectingFraming(magic, new SeededRandom(1));
    // Such a connection begins with `version`.
    const version = concatBytes(...new V1Framing(magic).frame('version', new Uint8Array(8)));
    framing.receive(
      version,
      () => {},
      () => {},
    );
    framing.receive(
      v1Message.subarray(0, 50_000),
      () => {},
      () => {},
    );
    expect(payloadBlocks.used - before).toBe(1);
    framing.close();
    expect(payloadBlocks.used - before).toBe(0);
  });

  it('when an encrypted connection is closed', () => {
    const { called, message } = encrypted();
    const before = payloadBlocks.used;
    called.receive(
      message.subarray(0, 50_000),
      () => {},
      () => {},
    );
    expect(payloadBlocks.used - before).toBe(1);
    called.close();
    expect(payloadBlocks.used - before).toBe(0);
  });
});

it('the block of a long encrypted packet is given back once it is decrypted', () => {
  const { called, message } = encrypted();
  const before = payloadBlocks.used;
  const received: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += 8_192) {
    called.receive(
      message.subarray(at, at + 8_192),
      (each) => received.push(each.payload),
      () => {},
    );
  }
  expect(received.map((each) => Buffer.compare(each, payload))).toEqual([0]);
  expect(payloadBlocks.used - before).toBe(0);
});
