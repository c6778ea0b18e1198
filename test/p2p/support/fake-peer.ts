import { regtest } from '../../../src/consensus/params.ts';
import type { Connection } from '../../../src/p2p/transport/connection.ts';
import { type Framing, FramingError, type RawMessage } from '../../../src/p2p/transport/framing.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import { DetectingFraming } from '../../../src/p2p/transport/v2/detecting-framing.ts';
import { type Command, decodeMessage, encodeMessage, type MessageOf } from '../../../src/p2p/wire/messages/index.ts';
import { NO_ADDRESS } from '../../../src/p2p/wire/messages/net-address.ts';
import type { VersionMessage } from '../../../src/p2p/wire/messages/version.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import type { TestNetwork, TestNode } from './network.ts';

let nonces = 1000n;

export function versionMessage(fields: Partial<VersionMessage> = {}): VersionMessage {
  return {
    version: 70016,
    services: 1033n,
    time: 1_770_000_000n,
    receiver: NO_ADDRESS,
    sender: NO_ADDRESS,
    nonce: nonces++,
    userAgent: '/fake:1.0/',
    startHeight: 0,
    relay: true,
    ...fields,
  };
}

export interface FakePeerOptions {
  readonly version?: Partial<VersionMessage>;
  /** BIP339; default true. */
  readonly wtxidRelay?: boolean;
  /** BIP155; default false. */
  readonly addrV2?: boolean;
}

/** The default framing: v1 on a connection that the fake peer opens, the node's choice on one that it accepts. */
function defaultFraming({ inbound }: Connection): Framing {
  return inbound ? new DetectingFraming(regtest.magic, new SeededRandom(324)) : new V1Framing(regtest.magic);
}

/** A peer controlled by a test: sends only what the test says, and answers pings. */
export class FakePeer {
  readonly connection: Connection;
  readonly net: TestNetwork;
  readonly messages: { readonly command: string; readonly payload: Uint8Array }[] = [];
  readonly framing: Framing;
  /** Messages to send once the framing is open. */
  #waiting: { readonly command: string; readonly payload: Uint8Array }[] = [];
  readonly #reactions = new Map<string, (payload: Uint8Array) => void>();
  closed = false;
  answersPings = true;

  constructor(net: TestNetwork, connection: Connection, framing: Framing = defaultFraming(connection)) {
    this.net = net;
    this.connection = connection;
    this.framing = framing;
    for (const part of framing.start()) connection.send(part);
    connection.onData((chunk) => this.#receive(chunk));
    connection.onClose(() => {
      this.closed = true;
    });
  }

  /** Connects to `node` from `host` without a handshake. */
  static async dial(net: TestNetwork, node: TestNode, host?: string): Promise<FakePeer> {
    return new FakePeer(net, await net.dial(node, host));
  }

  /** Connects to `node` and completes the handshake. */
  static async join(
    net: TestNetwork,
    node: TestNode,
    options: FakePeerOptions & { host?: string } = {},
  ): Promise<FakePeer> {
    const peer = await FakePeer.dial(net, node, options.host);
    await peer.shakeHands(options);
    return peer;
  }

  /** Lets `node` open a manual connection to a fake peer, and completes the handshake. */
  static async manual(net: TestNetwork, node: TestNode): Promise<FakePeer> {
    const endpoint = { host: '127.0.0.1', port: 7000 };
    let peer: FakePeer | undefined;
    await net.network.transport().listen(endpoint, (connection) => {
      peer = new FakePeer(net, connection);
    });
    node.connections.addNode(endpoint);
    await net.until(() => peer !== undefined);
    await peer!.shakeHands();
    return peer!;
  }

  async shakeHands({ version, wtxidRelay = true, addrV2 = false }: FakePeerOptions = {}): Promise<void> {
    this.send('version', versionMessage(version));
    await this.waitFor('verack');
    if (wtxidRelay) this.send('wtxidrelay', {});
    if (addrV2) this.send('sendaddrv2', {});
    this.send('verack', {});
    await this.net.advance(20);
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.framing.receive(
        chunk,
        (message) => this.#handle(message),
        (bytes) => this.connection.send(bytes),
      );
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.connection.close();
    }
    if (this.framing.isOpen)
      for (const { command, payload } of this.#waiting.splice(0)) this.sendPayload(command, payload);
  }

  #handle({ command, payload }: RawMessage): void {
    this.messages.push({ command, payload });
    if (command === 'ping' && this.answersPings) this.sendPayload('pong', payload);
    this.#reactions.get(command)?.(payload);
  }

  /** Calls `react` with each further message of a command. */
  on<C extends Command>(command: C, react: (message: MessageOf<C>) => void): void {
    this.#reactions.set(command, (payload) => react(decodeMessage(command, payload)));
  }

  send<C extends Command>(command: C, message: MessageOf<C>): void {
    this.sendPayload(command, encodeMessage(command, message));
  }

  sendPayload(command: string, payload: Uint8Array): void {
    if (!this.framing.isOpen) this.#waiting.push({ command, payload });
    else for (const part of this.framing.frame(command, payload)) this.connection.send(part);
  }

  commands(): string[] {
    return this.messages.map(({ command }) => command);
  }

  /** The messages of a command received so far. */
  received<C extends Command>(command: C): MessageOf<C>[] {
    return this.messages.filter((m) => m.command === command).map(({ payload }) => decodeMessage(command, payload));
  }

  /** Waits for `count` messages of a command. Returns the last of them. */
  async waitFor<C extends Command>(command: C, count = 1, maxMs = 30_000): Promise<MessageOf<C>> {
    await this.net.until(() => this.messages.filter((m) => m.command === command).length >= count, maxMs);
    return this.received(command)[count - 1]!;
  }
}
