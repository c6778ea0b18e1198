import { RpcError } from '../../../src/api/json/rpc-error.ts';
import { nodeConfig } from '../../../src/node/config.ts';
import { FullNode } from '../../../src/node/full-node.ts';
import { callInProcess } from '../../../src/testing/call-in-process.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { type Bitcoind, BitcoindRpcError, type RpcCall } from '../../support/bitcoind.ts';
import { startCorePolicyNode } from '../../support/core-policy.ts';

/** The response to an RPC: the result, or the message of the error. */
export type Answer = { readonly result: unknown } | { readonly error: string };

/** The responses of Pier (`ours`) and bitcoind (`theirs`) to the same call. */
export interface Answers {
  readonly ours: Answer;
  readonly theirs: Answer;
}

/** An in-process Pier in memory and a bitcoind, both without peers, on the same mock time. */
export class NodePair {
  readonly pier: FullNode;
  readonly #bitcoind: Bitcoind;
  readonly #clock: VirtualClock;

  private constructor(pier: FullNode, bitcoind: Bitcoind, clock: VirtualClock) {
    this.pier = pier;
    this.#bitcoind = bitcoind;
    this.#clock = clock;
  }

  /** Starts both nodes at the mock time `now`, in seconds. */
  static async start(now: number): Promise<NodePair> {
    // Fixed thread count: it influences which of several failing scripts bitcoind reports.
    const bitcoind = await startCorePolicyNode(`-mocktime=${now}`, '-par=2', '-disablewallet');
    const clock = new VirtualClock(now * 1000);
    const config = nodeConfig({ nodeId: 1, network: 'regtest', p2p: { seeds: [] } }, {});
    const options = { network: 'none', createChain: false, createWallet: false } as const;
    return new NodePair(await FullNode.start(config, options, { clock }), bitcoind, clock);
  }

  async stop(): Promise<void> {
    await this.pier.stop();
    await this.#bitcoind.stop();
  }

  /** The mock time in seconds. */
  get now(): number {
    return this.#clock.now() / 1000;
  }

  /** Sets the mock time of both nodes. */
  async setTime(now: number): Promise<void> {
    this.#clock.advance(now * 1000 - this.#clock.now());
    await this.#bitcoind.rpc('setmocktime', now);
  }

  /** Calls a method on both nodes. */
  async call(method: string, ...params: readonly unknown[]): Promise<Answers> {
    const [answers] = await this.callAll([method, ...params]);
    return answers!;
  }

  /** Calls methods on both nodes, one after the other. Each node gets all calls at once, which saves round trips. */
  async callAll(...calls: readonly RpcCall[]): Promise<Answers[]> {
    const [ours, theirs] = await Promise.all([this.#callPier(calls), this.#bitcoind.batch(calls)]);
    return ours.map((answer, i) => {
      const their = theirs[i];
      return { ours: answer, theirs: their instanceof BitcoindRpcError ? { error: their.message } : { result: their } };
    });
  }

  async #callPier(calls: readonly RpcCall[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const [method, ...params] of calls) {
      try {
        answers.push({ result: await callInProcess(this.pier, method, params) });
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        answers.push({ error: error.message });
      }
    }
    return answers;
  }
}
