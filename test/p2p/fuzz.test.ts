import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Command, codecs, decodeMessage, encodeMessage } from '../../src/p2p/wire/messages/index.ts';
import { type Random, randomInt } from '../../src/platform/random.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { tryDecode } from '../support/hostile.ts';
import { MessageMutator } from './support/message-mutator.ts';
import { Siege } from './support/siege.ts';

const SEED = Number(process.env.PIER_FUZZ_SEED ?? 1);
const MESSAGES = Number(process.env.PIER_FUZZ_MESSAGES ?? 100_000);
/** Percentage of messages that are sent to a node; the others go only to the decoders. */
const CONNECTED_PERCENT = 20;
/** Messages per attacker, at most. */
const PER_PEER = 400;
/** Approximate bytes that the node may hold for its peers after the attackers have disconnected. */
const TRACE = 16_000_000;
const REPLAY = `PIER_FUZZ_SEED=${SEED} PIER_FUZZ_MESSAGES=${MESSAGES}`;

/** Returns the bytes of heap in use after a full garbage collection. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** Checks that a decodable payload survives encoding and decoding. Returns whether it was decodable. */
function checkDecoder(command: Command, payload: Uint8Array): boolean {
  const decoded = tryDecode((bytes) => ({ message: decodeMessage(command, bytes) }), payload);
  if (!decoded) return false;
  const encoded = encodeMessage(command, decoded.message);
  // Trailing bytes, optional fields and skipped entries of the payload are lost, but not those of the encoded message.
  const again = encodeMessage(command, decodeMessage(command, encoded));
  if (Buffer.compare(again, encoded) === 0) return true;
  throw new Error(`${command} does not round-trip: ${Buffer.from(payload).toString('hex')}`);
}

/** Sends bytes in chunks of random size at random times. */
async function sendSplit(siege: Siege, send: (bytes: Uint8Array) => void, stream: Uint8Array, random: Random) {
  for (let at = 0; at < stream.length; ) {
    const length = 1 + randomInt(random, randomInt(random, 3) === 0 ? 40 : 20_000);
    send(stream.subarray(at, at + length));
    at += length;
    if (randomInt(random, 8) === 0) await siege.net.advance(1, 1);
  }
}

it(`decoders and peers survive ${MESSAGES} messages (${REPLAY})`, { timeout: 0 }, async () => {
  const random = new SeededRandom(SEED);
  const siege = await Siege.begin({ bloomFilters: true });
  const mutator = new MessageMutator(siege.scene, random);
  const heapBefore = usedHeap();
  const heldBefore = siege.heldBytes();
  const startedAt = performance.now();
  let sent = 0;
  let decoded = 0;
  let mostHeld = 0;
  while (sent < MESSAGES) {
    const share = Math.min(PER_PEER, MESSAGES - sent);
    const connected = Math.ceil((share * CONNECTED_PERCENT) / 100);
    for (let i = connected; i < share; i++) {
      const { command, payload } = mutator.next();
      if (command in codecs) decoded += Number(checkDecoder(command as Command, payload));
    }
    const attacker = await siege.dial();
    if (randomInt(random, 10) > 0) await attacker.shakeHands();
    // Some attackers do not read.
    if (randomInt(random, 5) === 0) attacker.peer.connection.pause();
    mutator.scene = siege.scene;
    const stream = Buffer.concat(Array.from({ length: connected }, () => mutator.nextFrame()));
    await sendSplit(siege, (bytes) => attacker.peer.connection.send(bytes), stream, random);
    await siege.net.advance(20);
    if (sent % (PER_PEER * 100) === 0) mostHeld = Math.max(mostHeld, siege.heldBytes());
    // Some stay connected until they are evicted or the test ends.
    if (randomInt(random, 10) > 0) attacker.leave();
    if (randomInt(random, 20) === 0) await siege.net.advance(randomInt(random, 30 * 60_000), 60_000);
    sent += share;
  }
  await siege.net.advance(1_000);
  expect(siege.node.disconnects).not.toContain('internal error');
  const heapAfter = usedHeap();
  const heldAfter = siege.heldBytes();
  await siege.expectService();
  await siege.stop();
  expect(siege.node.connections.peers()).toEqual([]);
  expect(decoded).toBeGreaterThan(MESSAGES / 10);
  expect(mostHeld).toBeLessThan(TRACE);
  expect(heldAfter - heldBefore).toBeLessThan(TRACE);
  if (process.env.PIER_FUZZ_MESSAGES) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
    console.log(
      `${sent} messages in ${seconds} s, ${decoded} decoded; heap ${mb(heapBefore)} before, ${mb(heapAfter)} after; ` +
        `held for peers ${mb(heldBefore)} before, ${mb(mostHeld)} at most, ${mb(heldAfter)} after`,
    );
  }
});
