import type { Clock } from '../../platform/clock.ts';
import { unixSeconds } from '../../platform/clock.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { advertisedEndpoint } from '../net/endpoint.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import { NO_ADDRESS, toNetAddress } from '../wire/messages/net-address.ts';
import type { VersionMessage } from '../wire/messages/version.ts';
import { MIN_PEER_PROTOCOL_VERSION, PROTOCOL_VERSION, serviceNames, WTXID_RELAY_VERSION } from '../wire/protocol.ts';

/** The fields of our `version` message, and the nonces that identify connections to ourselves. */
export interface LocalNode {
  /** Our service bits. */
  readonly services: bigint;
  readonly userAgent: string;
  /** Whether we want transactions announced. */
  readonly relay: boolean;
  /** The height of our best block. */
  startHeight(): number;
  /** Our listening endpoint; undefined if we do not listen. */
  listening(): Endpoint | undefined;
  /** Whether we sent a `version` with this nonce. */
  isOwnNonce(nonce: bigint): boolean;
}

/** Parameters of a `Handshake`. */
export interface HandshakeOptions {
  readonly inbound: boolean;
  /** The peer's end of the connection. */
  readonly remote: Endpoint;
  /** Our end of the connection. */
  readonly near: Endpoint | undefined;
  readonly local: LocalNode;
  /** The nonce of our `version`: uint64. */
  readonly nonce: bigint;
  /** Service bits without which the peer is disconnected. */
  readonly requiredServices: bigint;
}

/** Sends a message to the peer. */
export type Send = <C extends Command>(command: C, message: MessageOf<C>) => void;

/** The result of a message: none, handshake complete, or the reason to disconnect. */
export type HandshakeResult = undefined | 'ready' | { readonly disconnect: string };

/** Commands that belong to the handshake. */
export type HandshakeCommand = 'version' | 'verack' | 'wtxidrelay' | 'sendaddrv2';

/** Returns whether a command belongs to the handshake. */
export function isHandshakeCommand(command: string): command is HandshakeCommand {
  return command === 'version' || command === 'verack' || command === 'wtxidrelay' || command === 'sendaddrv2';
}

/** Removes characters of a user agent that are unsafe in logs and RPC output (Core: SanitizeString). */
function sanitize(userAgent: string): string {
  return userAgent.replace(/[^A-Za-z0-9 .,;\-_/:?@()]/g, '');
}

/**
 * The version handshake: the outbound end sends `version`; each end answers the other's `version` with feature messages
 * (BIP155, BIP339) and `verack`.
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #clock: Clock;
  readonly #send: Send;
  #remote: VersionMessage | undefined;
  #ready = false;
  /** BIP339: both ends announce and request transactions by wtxid. */
  wtxidRelay = false;
  /** BIP155: the peer wants `addrv2` instead of `addr`. */
  wantsAddrV2 = false;
  /** Seconds that the peer's clock is ahead of ours. */
  timeOffset = 0;

  constructor(options: HandshakeOptions, clock: Clock, send: Send) {
    this.#options = options;
    this.#clock = clock;
    this.#send = send;
  }

  /** The peer's `version`; undefined until it is received. */
  get remote(): VersionMessage | undefined {
    return this.#remote;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** The nonce of our `version`. */
  get nonce(): bigint {
    return this.#options.nonce;
  }

  /** The lower of both ends' protocol versions (Core: GetCommonVersion). */
  get version(): number {
    return Math.min(PROTOCOL_VERSION, this.#remote?.version ?? PROTOCOL_VERSION);
  }

  /** Sends `version` on an outbound connection; on an inbound one, the peer sends its own first. */
  start(): void {
    if (!this.#options.inbound) this.#sendVersion();
  }

  /** Processes a message of the handshake. */
  receive<C extends HandshakeCommand>(command: C, message: MessageOf<C>): HandshakeResult {
    if (command === 'version') return this.#onVersion(message as VersionMessage);
    // Ignored before the peer's `version`.
    if (!this.#remote) return undefined;
    if (command === 'verack') return this.#onVerack();
    if (this.#ready) return { disconnect: `${command} after verack` };
    if (command === 'sendaddrv2') this.wantsAddrV2 = true;
    else if (this.version >= WTXID_RELAY_VERSION) this.wtxidRelay = true;
    return undefined;
  }

  #onVersion(message: VersionMessage): HandshakeResult {
    // A redundant `version` is ignored.
    if (this.#remote) return undefined;
    const { inbound, local, requiredServices } = this.#options;
    if (inbound && local.isOwnNonce(message.nonce)) return { disconnect: 'connection to self' };
    if (message.version < MIN_PEER_PROTOCOL_VERSION) {
      return { disconnect: `obsolete protocol version ${message.version}` };
    }
    const missing = requiredServices & ~message.services;
    if (missing !== 0n) return { disconnect: `missing services: ${serviceNames(missing).join(', ')}` };
    this.#remote = { ...message, userAgent: sanitize(message.userAgent) };
    this.timeOffset = Number(message.time) - unixSeconds(this.#clock);
    if (inbound) this.#sendVersion();
    if (this.version >= WTXID_RELAY_VERSION) {
      this.#send('wtxidrelay', {});
      this.#send('sendaddrv2', {});
    }
    this.#send('verack', {});
    return undefined;
  }

  #onVerack(): HandshakeResult {
    if (this.#ready) return undefined;
    this.#ready = true;
    return 'ready';
  }

  #sendVersion(): void {
    const { local, remote, near, nonce } = this.#options;
    const endpoint = advertisedEndpoint(local.listening(), near);
    this.#send('version', {
      version: PROTOCOL_VERSION,
      services: local.services,
      time: BigInt(unixSeconds(this.#clock)),
      receiver: toNetAddress(remote) ?? NO_ADDRESS,
      sender: (endpoint && toNetAddress(endpoint)) ?? NO_ADDRESS,
      nonce,
      userAgent: local.userAgent,
      startHeight: local.startHeight(),
      relay: local.relay,
    });
  }
}
