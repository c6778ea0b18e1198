import { connect, type Socket } from 'node:net';
import { regtest } from '../../../src/consensus/params.ts';
import type { RawMessage } from '../../../src/p2p/transport/framing.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import type { VersionMessage } from '../../../src/p2p/wire/messages/version.ts';
import { waitFor } from '../../support/wait.ts';
import { versionMessage } from './fake-peer.ts';
import { raw, wellFormed } from './raw-message.ts';

/** A TCP socket that speaks the v1 transport and records received messages. */
export class RawPeer {
  readonly received: RawMessage[] = [];
  closed = false;
  readonly #socket: Socket;
  #pings = 0;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    const framing = new V1Framing(regtest.magic);
    this.#socket.on('data', (chunk) => framing.receive(chunk, (message) => this.received.push(message)));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.closed = true;
    });
  }

  send(messages: readonly Uint8Array[]): void {
    for (const message of messages) this.#socket.write(message);
  }

  /** Completes the handshake, with the messages `between` sent between `version` and `verack`. */
  async shakeHands(fields: Partial<VersionMessage> = {}, between: readonly Uint8Array[] = []): Promise<void> {
    const time = BigInt(Math.floor(Date.now() / 1000));
    this.send([wellFormed('version', versionMessage({ time, ...fields }))]);
    await this.#waitFor('verack', 1);
    this.send([...between, raw('verack')]);
  }

  /** Sends messages and a ping. Returns the messages received up to the pong or the end of the connection. */
  async request(messages: readonly Uint8Array[]): Promise<readonly RawMessage[]> {
    const before = this.received.length;
    this.send([...messages, raw('ping', new Uint8Array(8).fill(5))]);
    await this.#waitFor('pong', ++this.#pings);
    return this.received.slice(before);
  }

  #waitFor(command: string, count: number): Promise<unknown> {
    const isReceived = () => this.received.filter((message) => message.command === command).length >= count;
    return waitFor(() => this.closed || isReceived(), { describe: command });
  }

  close(): void {
    this.#socket.destroy();
  }
}
