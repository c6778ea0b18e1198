import { connect, type Socket } from 'node:net';
import { regtest } from '../../../src/consensus/params.ts';
import type { RawMessage } from '../../../src/p2p/transport/framing.ts';
import { V1Framing } from '../../../src/p2p/transport/v1-framing.ts';
import type { VersionMessage } from '../../../src/p2p/wire/messages/version.ts';
import { waitFor } from '../../support/wait.ts';
import { versionMessage } from './fake-peer.ts';
import { raw, sound } from './raw-message.ts';

/** A bare socket that speaks the original transport, and remembers what it has heard. */
export class RawPeer {
  readonly heard: RawMessage[] = [];
  closed = false;
  readonly #socket: Socket;
  #pings = 0;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    const framing = new V1Framing(regtest.magic);
    this.#socket.on('data', (chunk) => framing.receive(chunk, (message) => this.heard.push(message)));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.closed = true;
    });
  }

  send(messages: readonly Uint8Array[]): void {
    for (const message of messages) this.#socket.write(message);
  }

  /** Introduces itself, with messages between its `version` and its `verack`. */
  async shakeHands(fields: Partial<VersionMessage> = {}, between: readonly Uint8Array[] = []): Promise<void> {
    const time = BigInt(Math.floor(Date.now() / 1000));
    this.send([sound('version', versionMessage({ time, ...fields }))]);
    await this.#hears('verack', 1);
    this.send([...between, raw('verack')]);
  }

  /** Sends messages; what has come when a ping behind them is answered, or the connection has ended, is the answer. */
  async ask(messages: readonly Uint8Array[]): Promise<readonly RawMessage[]> {
    const before = this.heard.length;
    this.send([...messages, raw('ping', new Uint8Array(8).fill(5))]);
    await this.#hears('pong', ++this.#pings);
    return this.heard.slice(before);
  }

  #hears(command: string, count: number): Promise<unknown> {
    const isHeard = () => this.heard.filter((message) => message.command === command).length >= count;
    return waitFor(() => this.closed || isHeard(), { describe: command });
  }

  close(): void {
    this.#socket.destroy();
  }
}
