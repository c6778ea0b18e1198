import { DecodeError } from '../../bytes/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint } from '../net/endpoint.ts';
import type { Connection } from '../transport/connection.ts';
import { type Framing, FramingError, type RawMessage, type TransportVersion } from '../transport/framing.ts';
import { OverlongList } from '../wire/messages/codec.ts';
import { type Command, decodeMessage, encodeMessage, isCommand, type MessageOf } from '../wire/messages/index.ts';
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
import { type Direction, Traffic } from './traffic.ts';
import { asksForUnoffered, overlongVerdict } from './verdicts.ts';

/** Milliseconds until a peer must have introduced itself (Core: DEFAULT_PEER_CONNECT_TIMEOUT). */
const HANDSHAKE_TIMEOUT_MS = 60_000;
/** Commands by which a peer says, before its `verack` or later, how it wants to hear of blocks; as in Core. */
const EARLY_COMMANDS: ReadonlySet<Command> = new Set(['sendheaders', 'sendcmpct']);
/** How many of them are kept until the handshake is done. */
const MAX_EARLY = 8;
/** With more bytes than this unsent, a peer's messages wait (Core: -maxsendbuffer). */
const SEND_BUFFER_LIMIT = 1_000_000;
/** With so many bytes unsent, the peer reads too slowly to be a peer. */
const SEND_BUFFER_OVERFLOW = 32_000_000;

/**
 * Why there is a connection, in Core's words: they called, we called, for blocks only, to see who is there, or because a
 * person told us to.
 */
export type ConnectionType = 'inbound' | 'outbound-full-relay' | 'block-relay-only' | 'feeler' | 'manual';

/** Whom a peer reports to. */
export interface PeerHooks {
  /** The handshake is done. */
  ready(peer: Peer): void;
  /** A message after the handshake. While a returned promise is pending, the peer's further messages wait. */
  message<C extends Command>(peer: Peer, command: C, message: MessageOf<C>): void | Promise<void>;
  /** The peer broke the rules. */
  misbehaving(peer: Peer, reason: string): void;
  traffic(peer: Peer, command: string, bytes: number, direction: Direction): void;
  /** Called once. */
  closed(peer: Peer, reason: string): void;
}

export interface PeerOptions {
  readonly id: number;
  readonly type: ConnectionType;
  /** Where we called the peer, if we did. */
  readonly target: Endpoint | undefined;
  readonly local: LocalNode;
  readonly requiredServices: bigint;
  readonly framing: Framing;
}

export interface PeerModules {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly hooks: PeerHooks;
}

/**
 * The other end of a connection: handshake, pings, flow control and counters. It has no timer: call `tick` about once
 * a second. What the messages mean is for others to know.
 */
export class Peer {
  readonly id: number;
  readonly type: ConnectionType;
  /** Where we called the peer, if we did; by `remote`, a host name has become an address. */
  readonly target: Endpoint | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number;
  readonly traffic = new Traffic();
  readonly handshake: Handshake;
  readonly keepAlive: KeepAlive;
  readonly #inbox: Inbox;
  readonly #connection: Connection;
  readonly #framing: Framing;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hooks: PeerHooks;
  /** Bits of `ServiceFlag` that we offer. */
  readonly #services: bigint;
  /** `connectedAt` by the monotonic clock. */
  readonly #openedAt: number;
  /** What the peer said too early, to be acted upon when the handshake is done. */
  readonly #early: (() => void | Promise<void>)[] = [];
  #introduced = false;
  #closed = false;
  #drainWaiters: (() => void)[] = [];

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
    this.#inbox = new Inbox((message) => this.#handle(message), {
      mayHandle: () => !this.#closed && !this.isCongested,
      failed: (error) => this.#fail(error),
      full: (full) => (full ? connection.pause() : connection.resume()),
    });
  }

  /** Begins to listen and, if we called, to speak. */
  start(): void {
    this.#connection.onData((chunk) => this.#receive(chunk));
    this.#connection.onDrain(() => this.#drained());
    this.#connection.onClose((error) => this.disconnect(error ? error.message : 'closed by the peer'));
    for (const part of this.#framing.start()) this.#write(part);
    this.#introduce();
  }

  /** Begins the handshake as soon as messages can be sent. */
  #introduce(): void {
    if (this.#introduced || !this.#framing.isOpen) return;
    this.#introduced = true;
    this.handshake.start();
  }

  get remote(): Endpoint {
    return this.#connection.remote;
  }

  /**
   * Where the peer can be called: where we did, or where it says that it listens. Who called us is believed only as to
   * its own host, so that nobody can keep us from calling somebody else.
   */
  get endpoint(): Endpoint | undefined {
    if (this.target) return this.target;
    const claimed = this.handshake.remote && toEndpoint(this.handshake.remote.sender);
    return claimed?.host === this.remote.host ? claimed : undefined;
  }

  /** Whether this is the node at `endpoint`, or its end of the connection is there. */
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

  /** Milliseconds that the connection has lasted. */
  get ageMs(): number {
    return this.#clock.monotonic() - this.#openedAt;
  }

  get isReady(): boolean {
    return this.handshake.isReady && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bits of `ServiceFlag` that the peer offers; none before its introduction. */
  get services(): bigint {
    return this.handshake.remote?.services ?? 0n;
  }

  /** Whether more is waiting to be sent than the peer takes at once. */
  get isCongested(): boolean {
    return this.#connection.bufferedBytes > SEND_BUFFER_LIMIT;
  }

  get transportVersion(): TransportVersion | 'detecting' {
    return this.#framing.version;
  }

  /** BIP324's: 32 bytes; none over v1. */
  get sessionId(): Uint8Array | undefined {
    return this.#framing.sessionId;
  }

  /** Whether the peer has not answered v2 with a single byte, as one that knows only v1. */
  get mayNeedV1(): boolean {
    return this.#framing.mayNeedV1;
  }

  send<C extends Command>(command: C, message: MessageOf<C>): void {
    this.sendPayload(command, encodeMessage(command, message));
  }

  /** Sends a payload that is encoded already, such as a stored block or what goes to many peers. */
  sendPayload(command: Command, payload: Uint8Array): void {
    if (this.#closed) return;
    let size = 0;
    for (const part of this.#framing.frame(command, payload)) {
      this.#write(part);
      size += part.length;
    }
    this.#count('sent', command, size);
    if (this.#connection.bufferedBytes > SEND_BUFFER_OVERFLOW) this.disconnect('reads too slowly');
  }

  /** Resolves when the peer is no longer congested, or has gone. */
  uncongested(): Promise<void> {
    if (this.#closed || !this.isCongested) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  /** Reports a broken rule; what follows from it depends on who the peer is. */
  misbehaving(reason: string): void {
    if (!this.#closed) this.#hooks.misbehaving(this, reason);
  }

  disconnect(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.clear();
    this.#connection.close();
    this.#wakeWaiters();
    this.#hooks.closed(this, reason);
  }

  /** Judges time-outs and sends pings. */
  tick(): void {
    if (this.#closed) return;
    if (!this.handshake.isReady) {
      if (this.ageMs > HANDSHAKE_TIMEOUT_MS) this.disconnect('handshake timed out');
    } else if (!this.keepAlive.tick()) {
      this.disconnect('ping timed out');
    }
  }

  #write(bytes: Uint8Array): void {
    this.#connection.send(bytes);
    this.traffic.moved('sent', bytes.length, this.#clock.now());
  }

  #receive(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.traffic.moved('received', chunk.length, this.#clock.now());
    try {
      this.#framing.receive(
        chunk,
        (message) => this.#inbox.push(message),
        (bytes) => this.#write(bytes),
      );
      this.#introduce();
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.disconnect(error.message);
      return;
    }
    this.#inbox.pump();
  }

  #handle(raw: RawMessage): void | Promise<void> {
    const { command, fault } = raw;
    this.#count('received', fault ? '' : command, raw.size);
    if (!fault && this.handshake.isReady && asksForUnoffered(command, raw.payload, this.#services)) {
      this.disconnect(`${command}, although we do not offer that`);
      return;
    }
    if (fault || !isCommand(command)) {
      this.#logger.debug({ command, fault: fault ?? 'unknown command' }, 'ignored a message');
      return;
    }
    if (!this.handshake.isReady && !isHandshakeCommand(command) && !this.#mayComeEarly(command)) {
      this.#logger.debug({ command, fault: 'before the handshake' }, 'ignored a message');
      return;
    }
    const message = this.#decode(command, raw.payload);
    if (!message) return;
    if (!isHandshakeCommand(command)) {
      const act = () => this.#hooks.message(this, command, message);
      if (this.handshake.isReady) return act();
      this.#early.push(act);
      return;
    }
    this.#proceed(this.handshake.receive(command, message as MessageOf<HandshakeCommand>));
  }

  #mayComeEarly(command: Command): boolean {
    return this.handshake.remote !== undefined && EARLY_COMMANDS.has(command) && this.#early.length < MAX_EARLY;
  }

  /** Like Core, lets undecodable payloads pass, but not most of the lists longer than the protocol allows. */
  #decode<C extends Command>(command: C, payload: Uint8Array): MessageOf<C> | undefined {
    try {
      return decodeMessage(command, payload);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#logger.debug({ command, fault: error.message }, 'ignored a message');
      if (error instanceof OverlongList) this.#judgeOverlong(command, error);
      return undefined;
    }
  }

  #judgeOverlong(command: Command, { message }: OverlongList): void {
    const verdict = overlongVerdict[command];
    if (verdict === 'misbehaving') this.misbehaving(`${command}: ${message}`);
    else if (verdict === 'disconnect') this.disconnect(`${command}: ${message}`);
  }

  #proceed(result: HandshakeResult): void {
    if (result === 'ready') {
      this.#hooks.ready(this);
      for (const act of this.#early.splice(0)) if (!this.#closed) void act();
      this.tick();
    } else if (result) {
      this.disconnect(result.disconnect);
    }
  }

  #fail(error: unknown): void {
    this.#logger.error({ err: error }, 'a message could not be handled');
    this.disconnect('internal error');
  }

  #count(direction: Direction, command: string, bytes: number): void {
    const name = this.traffic.count(direction, command, bytes);
    this.#hooks.traffic(this, name, bytes, direction);
  }

  #drained(): void {
    this.#wakeWaiters();
    this.#inbox.pump();
  }

  #wakeWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }
}
