import type { Clock } from '../../platform/clock.ts';
import { unixSeconds } from '../../platform/clock.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { reachableEndpoint } from '../net/endpoint.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';
import { NO_ADDRESS, toNetAddress } from '../wire/messages/net-address.ts';
import type { VersionMessage } from '../wire/messages/version.ts';
import { MIN_PEER_PROTOCOL_VERSION, PROTOCOL_VERSION, serviceNames, WTXID_RELAY_VERSION } from '../wire/protocol.ts';

/** What our `version` message says, and how we know ourselves. */
export interface LocalNode {
  readonly services: bigint;
  readonly userAgent: string;
  /** Whether we want transactions announced. */
  readonly relay: boolean;
  /** The height of our best block. */
  startHeight(): number;
  /** Where we listen, if we do. */
  listening(): Endpoint | undefined;
  /** Whether a `version` with this nonce came from ourselves. */
  isOwnNonce(nonce: bigint): boolean;
}

export interface HandshakeOptions {
  readonly inbound: boolean;
  /** The peer's end of the connection, and ours. */
  readonly remote: Endpoint;
  readonly near: Endpoint | undefined;
  readonly local: LocalNode;
  /** uint64, of our `version`. */
  readonly nonce: bigint;
  /** Without these the peer is of no use to us. */
  readonly requiredServices: bigint;
}

export type Send = <C extends Command>(command: C, message: MessageOf<C>) => void;

/** What becomes of the connection: nothing new, it is ready, or it has to end. */
export type HandshakeResult = undefined | 'ready' | { readonly disconnect: string };

export type HandshakeCommand = 'version' | 'verack' | 'wtxidrelay' | 'sendaddrv2';

export function isHandshakeCommand(command: string): command is HandshakeCommand {
  return command === 'version' || command === 'verack' || command === 'wtxidrelay' || command === 'sendaddrv2';
}

/** What of a user agent is fit for logs and RPC (Core: SanitizeString). */
function sanitize(userAgent: string): string {
  return userAgent.replace(/[^A-Za-z0-9 .,;\-_/:?@()]/g, '');
}

/**
 * Introductions: the caller sends `version`, both answer with what they can do and `verack`. The features have their
 * place between the two (BIP155, BIP339).
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #clock: Clock;
  readonly #send: Send;
  #remote: VersionMessage | undefined;
  #ready = false;
  /** BIP339: both sides name transactions by wtxid. */
  wtxidRelay = false;
  /** BIP155: the peer prefers `addrv2`. */
  wantsAddrV2 = false;
  /** Seconds that the peer's clock is ahead of ours. */
  timeOffset = 0;

  constructor(options: HandshakeOptions, clock: Clock, send: Send) {
    this.#options = options;
    this.#clock = clock;
    this.#send = send;
  }

  /** The peer's introduction, once it has come. */
  get remote(): VersionMessage | undefined {
    return this.#remote;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** The nonce that our `version` bears. */
  get nonce(): bigint {
    return this.#options.nonce;
  }

  /** The version of the protocol that both sides speak. */
  get version(): number {
    return Math.min(PROTOCOL_VERSION, this.#remote?.version ?? PROTOCOL_VERSION);
  }

  /** The caller speaks first. */
  start(): void {
    if (!this.#options.inbound) this.#introduce();
  }

  receive<C extends HandshakeCommand>(command: C, message: MessageOf<C>): HandshakeResult {
    if (command === 'version') return this.#onVersion(message as VersionMessage);
    // Until the peer has introduced itself nothing else counts.
    if (!this.#remote) return undefined;
    if (command === 'verack') return this.#onVerack();
    if (this.#ready) return { disconnect: `${command} after verack` };
    if (command === 'sendaddrv2') this.wantsAddrV2 = true;
    else if (this.version >= WTXID_RELAY_VERSION) this.wtxidRelay = true;
    return undefined;
  }

  #onVersion(message: VersionMessage): HandshakeResult {
    // A second one changes nothing.
    if (this.#remote) return undefined;
    const { inbound, local, requiredServices } = this.#options;
    if (inbound && local.isOwnNonce(message.nonce)) return { disconnect: 'connected to self' };
    if (message.version < MIN_PEER_PROTOCOL_VERSION) {
      return { disconnect: `protocol version ${message.version} is obsolete` };
    }
    const missing = requiredServices & ~message.services;
    if (missing !== 0n) return { disconnect: `does not offer ${serviceNames(missing).join(', ')}` };
    this.#remote = { ...message, userAgent: sanitize(message.userAgent) };
    this.timeOffset = Number(message.time) - unixSeconds(this.#clock);
    if (inbound) this.#introduce();
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

  #introduce(): void {
    const { local, remote, near, nonce } = this.#options;
    const endpoint = reachableEndpoint(local.listening(), near);
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
