import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rpcMethods } from '../../../api/methods/index.ts';
import { lightMethods } from '../../../api/methods/light/index.ts';
import { RpcServer } from '../../../api/rpc/rpc-server.ts';
import { toHex } from '../../../bytes/hex.ts';
import type { RunningFullNode } from '../../../node/composition/running-full-node.ts';
import { RunningLightNode } from '../../../node/composition/running-light-node.ts';
import { LOOPBACK } from '../../../node/config.ts';
import { systemRandom } from '../../../platform/random.ts';
import type { RpcAddress } from '../node-backend.ts';
import type { RpcPort } from '../node-ports.ts';

/** The RPC server of a node in this process: port and credentials stay the same as long as the network exists. */
export class NodeRpc implements RpcPort {
  readonly #password = toHex(systemRandom.bytes(32));
  readonly #requestedPort: number;
  #folder: string | undefined;
  #port: number | undefined;
  #server: RpcServer | undefined;

  /** `port` 0: any free port. */
  constructor(port: number) {
    this.#requestedPort = port;
  }

  /** Where it serves; undefined before the first start. */
  get address(): RpcAddress | undefined {
    if (this.#port === undefined || this.#folder === undefined) return undefined;
    const url = `http://__cookie__:${this.#password}@${LOOPBACK}:${this.#port}/`;
    return { host: LOOPBACK, port: this.#port, cookieFile: this.#cookieFile(this.#folder), url };
  }

  /** Serves a node: on the connections there are, if another one was served without `stop`. */
  async serve(node: RunningFullNode | RunningLightNode): Promise<void> {
    if (this.#server) {
      this.#server.serve(node);
      return;
    }
    this.#folder ??= await mkdtemp(join(tmpdir(), 'pier-network-'));
    const options = {
      ...{ host: LOOPBACK, port: this.#port ?? this.#requestedPort, password: this.#password },
      cookieFile: this.#cookieFile(this.#folder),
    };
    this.#server =
      node instanceof RunningLightNode
        ? await RpcServer.start(options, node, lightMethods)
        : await RpcServer.start(options, node, rpcMethods);
    this.#port = this.#server.port;
  }

  /** Closes the connections and the port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
  }

  /** Removes the file with the credentials. */
  async close(): Promise<void> {
    await this.stop();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  #cookieFile(folder: string): string {
    return join(folder, '.cookie');
  }
}
