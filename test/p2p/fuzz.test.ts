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
/** Most messages are for the decoders alone; so many in a hundred go through a connection to a node. */
const CONNECTED_PERCENT = 20;
/** Messages of one attacker, at most. */
const PER_PEER = 400;
/** Rough bytes that the node may hold for its peers, when the attackers have gone. */
const TRACE = 16_000_000;
const REPLAY = `PIER_FUZZ_SEED=${SEED} PIER_FUZZ_MESSAGES=${MESSAGES}`;

/** Bytes of the heap that are in use, after a full collection. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** Decodes; what was decoded must be encoded to bytes that say the same. Returns whether the payload was taken. */
function checkDecoder(command: Command, payload: Uint8Array): boolean {
  const decoded = tryDecode((bytes) => ({ message: decodeMessage(command, bytes) }), payload);
  if (!decoded) return false;
  const encoded = encodeMessage(command, decoded.message);
  // Bytes behind the message, fields that may be absent and skipped entries are lost; what is encoded is not.
  const again = encodeMessage(command, decodeMessage(command, encoded));
  if (Buffer.compare(again, encoded) === 0) return true;
  throw new Error(`${command} is not what it was, from ${Buffer.from(payload).toString('hex')}`);
}

/** Sends bytes in pieces of any size, with any time between them. */
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
  const heldBefore = siege.holding();
  const startedAt = performance.now();
  let sent = 0;
  let taken = 0;
  let mostHeld = 0;
  while (sent < MESSAGES) {
    const share = Math.min(PER_PEER, MESSAGES - sent);
    const connected = Math.ceil((share * CONNECTED_PERCENT) / 100);
    for (let i = connected; i < share; i++) {
      const { command, payload } = mutator.next();
      if (command in codecs) taken += Number(checkDecoder(command as Command, payload));
    }
    const attacker = await siege.dial();
    if (randomInt(random, 10) > 0) await attacker.introduce();
    // Some do not read what they are sent.
    if (randomInt(random, 5) === 0) attacker.peer.connection.pause();
    mutator.scene = siege.scene;
    const stream = Buffer.concat(Array.from({ length: connected }, () => mutator.nextFrame()));
    await sendSplit(siege, (bytes) => attacker.peer.connection.send(bytes), stream, random);
    await siege.net.advance(20);
    if (sent % (PER_PEER * 100) === 0) mostHeld = Math.max(mostHeld, siege.holding());
    // Some stay for a while; the oldest of them go when places are short, or at the end.
    if (randomInt(random, 10) > 0) attacker.leave();
    if (randomInt(random, 20) === 0) await siege.net.advance(randomInt(random, 30 * 60_000), 60_000);
    sent += share;
  }
  await siege.net.advance(1_000);
  expect(siege.node.disconnects).not.toContain('internal error');
  const heapAfter = usedHeap();
  const heldAfter = siege.holding();
  await siege.expectService();
  await siege.stop();
  expect(siege.node.connections.peers()).toEqual([]);
  expect(taken).toBeGreaterThan(MESSAGES / 10);
  expect(mostHeld).toBeLessThan(TRACE);
  expect(heldAfter - heldBefore).toBeLessThan(TRACE);
  if (process.env.PIER_FUZZ_MESSAGES) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
    console.log(
      `${sent} messages in ${seconds} s, ${taken} decoded; heap ${mb(heapBefore)} before, ${mb(heapAfter)} after; ` +
        `held for peers ${mb(heldBefore)} before, ${mb(mostHeld)} at most, ${mb(heldAfter)} after`,
    );
  }
});
