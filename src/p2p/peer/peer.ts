import { DecodeError } from '../../bytes/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import { atOnce } from '../../platform/slices.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { Connection } from '../transport/connection.ts';
import { type Framing, FramingError, type RawMessage, type TransportVersion } from '../transport/framing.ts';
import { OverlongList } from '../wire/messages/codec.ts';
import { type Command, decodeInSteps, encodeMessage, isCommand, type MessageOf } from '../wire/messages/index.ts';
import { toEndpoint } from '../wire/messages/net-address.ts';
import {
  Handshake,
  type HandshakeCommand,
  type HandshakeResult,
  isHandshakeCommand,
  type LocalNode,
} from './handshake.ts';
import { Inbox } from './inbox.ts';
import { KeepAlive, randomNonce } from './keep-alive.ts';
import { overlongListPenalties, requestsUnofferedService } from './protocol-violations.ts';
import { ReceivedBytes } from './received-bytes.ts';
import { type Direction, Traffic } from './traffic.ts';
import type { PeerWorker, TurnScheduler } from './turn-scheduler.ts';
import { type Handling, isWork, type Work } from './work.ts';

/** Milliseconds a peer may take to complete the handshake (Core: DEFAULT_PEER_CONNECT_TIMEOUT). */
const HANDSHAKE_TIMEOUT_MS = 60_000;
/** Commands accepted between `version` and `verack`, as in Core: they negotiate block announcements. */
const EARLY_COMMANDS: ReadonlySet<Command> = new Set(['sendheaders', 'sendcmpct']);
/** Early messages that are queued until the handshake is complete. */
const MAX_EARLY = 8;
/** Bytes of a payload that is decoded in one step. */
const SHORT_PAYLOAD = 16 * 1024;
/** Unsent bytes above which the peer's messages are not processed (Core: -maxsendbuffer). */
const SEND_BUFFER_LIMIT = 1_000_000;
/**
 * Received bytes not handled yet above which the connection is not read (Core: -maxreceivebuffer) while the send buffer
 * is full. Two nodes that both stopped reading would deadlock.
 */
const RECEIVE_LIMIT_CONGESTED = 5_000_000;
/** The same while the send buffer is not full: the peer waits for its slice or for its blocks to be processed. */
const RECEIVE_LIMIT = 128_000;
/** Unsent bytes above which the peer is disconnected. */
const SEND_BUFFER_OVERFLOW = 32_000_000;

/** The purpose of a connection (Core: ConnectionType). */
export type ConnectionType = 'inbound' | 'outbound-full-relay' | 'block-relay-only' | 'feeler' | 'manual';

/** Callbacks of a `Peer`. */
export interface PeerHooks {
  /** The handshake is complete. */
  ready(peer: Peer): void;
  /** A message was received after the handshake. The peer's next message waits until it is handled. */
  message<C extends Command>(peer: Peer, command: C, message: MessageOf<C>): Handling;
  /** The peer violated the protocol (Core: Misbehaving). */
  misbehaving(peer: Peer, reason: string): void;
  /** A message was sent or received; `bytes` on the wire. The payload is valid until the call returns. */
  traffic(peer: Peer, command: string, bytes: number, direction: Direction, payload: Uint8Array): void;
  /** Called once. */
  closed(peer: Peer, reason: string): void;
}

/** Parameters of a `Peer`. */
export interface PeerOptions {
  readonly id: number;
  readonly type: ConnectionType;
  /** The endpoint we connected to; undefined for an inbound peer. */
  readonly target: Endpoint | undefined;
  readonly local: LocalNode;
  /** Service bits without which the peer is disconnected. */
  readonly requiredServices: bigint;
  readonly framing: Framing;
}

/** Modules that a `Peer` uses. */
export interface PeerModules {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The scheduler shared by all peers. */
  readonly turns: TurnScheduler;
  readonly hooks: PeerHooks;
}

/**
 * A peer (Core: CNode): handshake, pings, flow control and traffic counters. It decodes messages and passes them to its
 * hooks. It has no timer; the caller calls `tick` about once a second.
 */
export class Peer implements PeerWorker {
  readonly id: number;
  readonly type: ConnectionType;
  /** The endpoint we connected to, with its host name if it has one; undefined for an inbound peer. */
  readonly target: Endpoint | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number;
  readonly traffic = new Traffic();
  readonly handshake: Handshake;
  readonly keepAlive: KeepAlive;
  readonly #received = new ReceivedBytes();
  readonly #inbox: Inbox;
  readonly #turns: TurnScheduler;
  readonly #connection: Connection;
  readonly #framing: Framing;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: PeerHooks;
  /** Our service bits. */
  readonly #services: bigint;
  /** `connectedAt` by the monotonic clock. */
  readonly #openedAt: number;
  /** Handlers of `EARLY_COMMANDS`, run when the handshake is complete. */
  readonly #early: (() => Handling)[] = [];
  #hasStartedHandshake = false;
  #closed = false;
  #isPaused = false;

  constructor(options: PeerOptions, modules: PeerModules) {
    const { connection, clock, random } = modules;
    this.id = options.id;
    this.type = options.type;
    this.target = options.target;
    this.#connection = connection;
    this.#framing = options.framing;
    this.#clock = clock;
    this.#hooks = modules.hooks;
    this.#services = options.local.services;
    this.connectedAt = clock.now();
    this.#openedAt = clock.monotonic();
    this.#logger = modules.logger.child({ peer: options.id });
    this.handshake = new Handshake(
      {
        inbound: connection.inbound,
        remote: connection.remote,
        near: connection.local,
        local: options.local,
        nonce: randomNonce(random),
        requiredServices: options.requiredServices,
      },
      clock,
      (command, message) => this.send(command, message),
    );
    this.keepAlive = new KeepAlive(clock, random, (nonce) => this.send('ping', { nonce }));
    this.#turns = modules.turns;
    this.#inbox = new Inbox({
      handle: (message) => this.#handle(message),
      charged: (ms) => this.#turns.charge(ms),
      failed: (error) => this.#fail(error),
      resumed: () => this.#ready(),
    });
  }

  /** Starts to receive and, on an outbound connection, starts the handshake. */
  start(): void {
    this.#connection.onData((chunk) => this.#receive(chunk));
    this.#connection.onDrain(() => this.#ready());
    this.#connection.onClose((error) => this.disconnect(error ? error.message : 'closed by peer'));
    for (const part of this.#framing.start()) this.#write(part);
    this.#startHandshake();
  }

  /** Starts the handshake as soon as messages can be framed. */
  #startHandshake(): void {
    if (this.#hasStartedHandshake || !this.#framing.isOpen) return;
    this.#hasStartedHandshake = true;
    this.handshake.start();
  }

  get remote(): Endpoint {
    return this.#connection.remote;
  }

  /**
   * The peer's listening endpoint: where we connected to, or what its `version` claims. An inbound peer's claim is
   * accepted only for its own host; otherwise it could keep us from connecting to another node.
   */
  get endpoint(): Endpoint | undefined {
    if (this.target) return this.target;
    const claimed = this.handshake.remote && toEndpoint(this.handshake.remote.sender);
    return claimed?.host === this.remote.host ? claimed : undefined;
  }

  /** Returns whether `endpoint` is the peer's listening endpoint or its end of the connection. */
  isAt(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    return (
      formatEndpoint(this.remote) === key || (this.endpoint !== undefined && formatEndpoint(this.endpoint) === key)
    );
  }

  get local(): Endpoint | undefined {
    return this.#connection.local;
  }

  get inbound(): boolean {
    return this.#connection.inbound;
  }

  /** Milliseconds since the connection was opened. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#openedAt;
  }

  get isReady(): boolean {
    return this.handshake.isReady && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The peer's service bits; none before its `version`. */
  get services(): bigint {
    return this.handshake.remote?.services ?? 0n;
  }

  /** Whether the send buffer is full (Core: fPauseSend). */
  get isCongested(): boolean {
    return this.#connection.bufferedBytes > SEND_BUFFER_LIMIT;
  }

  get transportVersion(): TransportVersion | 'detecting' {
    return this.#framing.version;
  }

  /** BIP324's 32-byte session id; undefined over v1. */
  get sessionId(): Uint8Array | undefined {
    return this.#framing.sessionId;
  }

  /** Whether to reconnect with v1 if the peer disconnects now: it has not sent a byte in reply to our v2 key. */
  get shouldReconnectV1(): boolean {
    return this.#framing.shouldReconnectV1;
  }

  /** Encodes and sends a message. */
  send<C extends Command>(command: C, message: MessageOf<C>): void {
    this.sendPayload(command, encodeMessage(command, message));
  }

  /** Sends an encoded payload, such as a stored block or a message to many peers. */
  sendPayload(command: Command, payload: Uint8Array): void {
    if (this.#closed) return;
    let size = 0;
    for (const part of this.#framing.frame(command, payload)) {
      this.#write(part);
      size += part.length;
    }
    this.#count('sent', command, size, payload);
    if (this.#connection.bufferedBytes > SEND_BUFFER_OVERFLOW) this.disconnect('send buffer overflow');
  }

  /** Does work in the peer's turns, after the messages received so far. */
  perform(work: Work): void {
    if (this.#closed) return;
    this.#inbox.push(work);
    this.#ready();
  }

  /** Reports a protocol violation; `PeerHooks.misbehaving` decides whether the peer is discouraged. */
  misbehaving(reason: string): void {
    if (!this.#closed) this.#hooks.misbehaving(this, reason);
  }

  /** Closes the connection. `reason` is logged and reported by the `disconnected` event. */
  disconnect(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#received.clear();
    this.#inbox.clear();
    this.#framing.close();
    this.#turns.remove(this);
    this.#connection.close();
    this.#hooks.closed(this, reason);
  }

  /** Checks timeouts and sends pings. */
  tick(): void {
    if (this.#closed) return;
    if (!this.handshake.isReady) {
      if (this.ageMs > HANDSHAKE_TIMEOUT_MS) this.disconnect('handshake timeout');
    } else if (!this.keepAlive.tick()) {
      this.disconnect('ping timeout');
    }
  }

  /** Schedules the peer's work. A closed peer is not scheduled again, which would keep its account for ever. */
  #ready(): void {
    if (!this.#closed) this.#turns.ready(this);
  }

  #write(bytes: Uint8Array): void {
    this.#connection.send(bytes);
    this.traffic.moved('sent', bytes.length, this.#clock.now());
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.traffic.moved('received', chunk.length, this.#clock.now());
    this.#received.push(chunk);
    this.#turns.ready(this);
    this.#pauseOrResume();
  }

  /**
   * Handles received messages until the slice is over, the send buffer is full, or a promise is awaited. Frames bytes
   * only when needed. Returns whether work is left.
   */
  work(): boolean {
    while (!this.#closed && !this.isCongested && (this.#inbox.step() || this.#frame())) {
      if (!this.#turns.isSliceOver) continue;
      this.#pauseOrResume();
      return true;
    }
    this.#pauseOrResume();
    return false;
  }

  /** Stops reading while too much is queued. */
  #pauseOrResume(): void {
    if (this.#closed) return;
    const queued = this.#received.cost + this.#inbox.cost;
    const isFull = queued > (this.isCongested ? RECEIVE_LIMIT_CONGESTED : RECEIVE_LIMIT);
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#connection.pause();
    else this.#connection.resume();
  }

  /** Frames some of the received bytes. Returns false if there are none. */
  #frame(): boolean {
    if (this.#inbox.isWaiting) return false;
    const bytes = this.#received.take();
    if (!bytes) return false;
    try {
      this.#framing.receive(
        bytes,
        (message) => this.#inbox.push(message),
        (reply) => this.#write(reply),
      );
      this.#startHandshake();
    } catch (error) {
      if (error instanceof FramingError) this.disconnect(error.message);
      else this.#fail(error);
    }
    return true;
  }

  #handle(raw: RawMessage): Handling {
    const { command, fault } = raw;
    this.#count('received', fault ? '' : command, raw.size, raw.payload);
    if (!fault && this.handshake.isReady && requestsUnofferedService(command, raw.payload, this.#services)) {
      this.disconnect(`${command} for unoffered service`);
      return;
    }
    if (fault || !isCommand(command)) {
      this.#logger.debug({ command, fault: fault ?? 'unknown command' }, 'ignored message');
      return;
    }
    if (!this.handshake.isReady && !isHandshakeCommand(command) && !this.#isQueuedEarly(command)) {
      this.#logger.debug({ command, fault: 'before verack' }, 'ignored message');
      return;
    }
    if (raw.payload.length > SHORT_PAYLOAD) return this.#handleInSteps(command, raw.payload);
    const message = atOnce(this.#decode(command, raw.payload));
    return message && this.#dispatch(command, message);
  }

  /** Handles a message whose payload takes long to decode. */
  *#handleInSteps(command: Command, payload: Uint8Array): Work {
    const message = yield* this.#decode(command, payload);
    const handling = message && this.#dispatch(command, message);
    if (!handling) return;
    if (isWork(handling)) yield* handling;
    else yield handling;
  }

  #dispatch<C extends Command>(command: C, message: MessageOf<C>): Handling {
    if (!isHandshakeCommand(command)) {
      const handle = () => this.#hooks.message(this, command, message);
      if (this.handshake.isReady) return handle();
      this.#early.push(handle);
      return;
    }
    this.#proceed(this.handshake.receive(command, message as MessageOf<HandshakeCommand>));
  }

  #isQueuedEarly(command: Command): boolean {
    return this.handshake.remote !== undefined && EARLY_COMMANDS.has(command) && this.#early.length < MAX_EARLY;
  }

  /**
   * Returns undefined for an undecodable payload. As in Core, that is ignored, while most overlong lists are penalized.
   */
  *#decode<C extends Command>(command: C, payload: Uint8Array): Generator<void, MessageOf<C> | undefined, void> {
    try {
      return yield* decodeInSteps(command, payload);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#logger.debug({ command, fault: error.message }, 'ignored message');
      if (error instanceof OverlongList) this.#penalizeOverlong(command);
      return undefined;
    }
  }

  #penalizeOverlong(command: Command): void {
    const penalty = overlongListPenalties[command];
    if (penalty === 'misbehaving') this.misbehaving(`oversized ${command}`);
    else if (penalty === 'disconnect') this.disconnect(`oversized ${command}`);
  }

  #proceed(result: HandshakeResult): void {
    if (result === 'ready') {
      this.#hooks.ready(this);
      for (const handle of this.#early.splice(0)) if (!this.#closed) void handle();
      this.tick();
    } else if (result) {
      this.disconnect(result.disconnect);
    }
  }

  #fail(error: unknown): void {
    this.#logger.error({ err: error }, 'message handler failed');
    this.disconnect('internal error');
  }

  #count(direction: Direction, command: string, bytes: number, payload: Uint8Array): void {
    const name = this.traffic.count(direction, command, bytes);
    this.#hooks.traffic(this, name, bytes, direction, payload);
  }
}
