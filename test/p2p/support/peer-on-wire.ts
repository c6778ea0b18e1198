import { regtest } from '../../../src/consensus/params.ts';
import { Peer, type PeerHooks } from '../../../src/p2p/peer/peer.ts';
import { TurnScheduler } from '../../../src/p2p/peer/turn-scheduler.ts';
import type { Connection } from '../../../src/p2p/transport/connection.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import { type Command, encodeMessage, type MessageOf } from '../../../src/p2p/wire/messages/index.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { versionMessage } from './fake-peer.ts';

const { magic } = regtest;
const silentHooks: PeerHooks = { ready() {}, message() {}, misbehaving() {}, traffic() {}, closed() {} };

/** A connection without a network. The test controls the received bytes and the number of unsent bytes. */
export class TestConnection implements Connection {
  readonly remote = { host: '127.0.0.1', port: 50_000 };
  readonly local = { host: '127.0.0.1', port: 3000 };
  readonly inbound = true;
  bufferedBytes = 0;
  isPaused = false;
  isClosed = false;
  #onData: (chunk: Uint8Array) => void = () => {};
  #onDrain: () => void = () => {};

  send(): void {}

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#onData = listener;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  onClose(): void {}

  close(): void {
    this.isClosed = true;
  }

  arrive(bytes: Uint8Array): void {
    this.#onData(bytes);
  }

  drain(): void {
    this.bufferedBytes = 0;
    this.#onDrain();
  }
}

/** Returns a framed message. */
export function framed<C extends Command>(command: C, message: MessageOf<C>): Uint8Array {
  return Buffer.concat(new V1Framing(magic).frame(command, encodeMessage(command, message)));
}

/** Returns a peer whose handshake is complete, on a connection that the test controls. */
export function peerOnWire(
  clock: Clock,
  hooks: Partial<PeerHooks> = {},
  turns = new TurnScheduler(clock),
): { readonly peer: Peer; readonly connection: TestConnection } {
  const connection = new TestConnection();
  const local = {
    services: 0n,
    userAgent: '/test/',
    relay: true,
    startHeight: () => 0,
    listening: () => undefined,
    isOwnNonce: () => false,
  };
  const peer = new Peer(
    { id: 1, type: 'inbound', target: undefined, local, requiredServices: 0n, framing: new V1Framing(magic) },
    {
      ...{ connection, clock, random: new SeededRandom(1), logger: silentLogger, turns },
      hooks: { ...silentHooks, ...hooks },
    },
  );
  peer.start();
  connection.arrive(Buffer.concat([framed('version', versionMessage()), framed('verack', {})]));
  return { peer, connection };
}
