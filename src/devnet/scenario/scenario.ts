import type { CallParams } from '../../api/methods/dispatch.ts';
import { DEFAULT_NETWORK } from '../../node/config.ts';
import type { LogLevel } from '../../node/logging.ts';
import { findNetwork, type NamedNetwork } from '../../node/networks.ts';
import { formatEndpoint, parseEndpoint } from '../../p2p/net/endpoint.ts';
import { PierError } from '../../platform/errors.ts';
import type { NetworkNode } from '../network/network-node.ts';
import type { NodeNetwork } from '../network/node-network.ts';
import type { ExtraOptions } from '../nodes/system/process-node.ts';
import { type Fact, ScenarioError, type StepEvidence } from './evidence.ts';
import { NodeCommands } from './node-commands.ts';
import { openScenarioNetwork, type ScenarioNode, scenarioNodes } from './scenario-network.ts';
import {
  CENTRAL_WALLET,
  createWallets,
  PAYEE,
  PAYER,
  type ScenarioWallets,
  seedsOf,
  watchAllTypes,
} from './scenario-wallets.ts';

/** Options of a scenario. */
export interface ScenarioOptions {
  /** Node ids of the three full nodes and of the light node. */
  readonly central: number;
  readonly wallet: number;
  readonly miner: number;
  readonly light: number;
  readonly dataDir: string;
  readonly network?: NamedNetwork;
  readonly mineAtTxs?: number;
  readonly logLevel?: LogLevel;
  /** Called with each line of a node's log. */
  readonly onLog?: (nodeId: number, line: string) => void;
  /** Called with the network before its first node starts; the first step goes on afterwards. */
  readonly onOpen?: (network: NodeNetwork) => Promise<void>;
  /** Called when a step has been verified. */
  readonly onStep?: (evidence: StepEvidence) => void;
}

/** Milliseconds to wait for a fact, besides the time to mine blocks. */
const FACT_TIMEOUT_MS = 30_000;
/** Target block intervals to wait in addition, where blocks cost work. */
const MAX_BLOCK_INTERVALS = 30;
/** Milliseconds between two reads of a fact. */
const POLL_INTERVAL_MS = 25;

interface Tip {
  readonly blocks: number;
  readonly bestblockhash: string;
}
interface PaymentProof {
  readonly blockhash: string;
  readonly branch: readonly string[];
}
interface LightInfo {
  readonly headers: number;
  readonly filters: number;
  readonly blocks: number;
  readonly falsepositives: number;
  readonly bytesreceived: number;
}
interface Proof {
  readonly hash: string;
  readonly height: number;
  readonly nonce: number;
  readonly hashes: number;
  readonly hashrate: number;
  readonly transactions: number;
}

/** Bitcoins that the central node sends to the payer. */
const FUNDING = '10';
/** Bitcoins that the payer sends to the payee, one payment each. */
const PAYMENTS = ['1.5', '0.5'] as const;

/**
 * Plays the nine steps of the port-node network in processes that communicate over TCP only, and a tenth in which a
 * light node verifies the payments. A step is complete when the facts read from its nodes agree. On the data directory
 * of an earlier run, it continues with the existing chain and wallets.
 */
export class Scenario {
  readonly #options: ScenarioOptions;
  readonly #named: NamedNetwork;
  readonly #mineAtTxs: number;
  readonly #factTimeoutMs: number;
  readonly #commands: NodeCommands;
  readonly #evidence: StepEvidence[] = [];
  #network: NodeNetwork | undefined;
  /** What the miner node is started with. */
  #mining: ExtraOptions = {};
  /** Whether the files are those of an earlier run. */
  #continues = false;
  #step = 0;
  #starting: Promise<unknown> | undefined;
  readonly #stopping = new AbortController();

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.#named = options.network ?? findNetwork(DEFAULT_NETWORK);
    this.#mineAtTxs = options.mineAtTxs ?? PAYMENTS.length;
    this.#commands = new NodeCommands(options.dataDir, this.#named.argument, this.#stopping.signal);
    const { powNoRetargeting, powTargetSpacing } = this.#named.params;
    this.#factTimeoutMs = FACT_TIMEOUT_MS + (powNoRetargeting ? 0 : MAX_BLOCK_INTERVALS * powTargetSpacing * 1000);
  }

  /** The network of its four nodes; undefined until the first is about to start. */
  get network(): NodeNetwork | undefined {
    return this.#network;
  }

  /** Plays all steps. Throws `ScenarioError` at the first that fails. The nodes keep running until `stop`. */
  async play(): Promise<readonly StepEvidence[]> {
    this.#step = 1;
    const wallets = await this.#guard(() => createWallets(this.#commands, this.#options));
    const central = await this.#createBlockchain(wallets);
    const wallet = await this.#startWalletNode(central);
    const miner = await this.#startMinerNode(central, wallets.miner);
    const before = await this.#balanceOf(wallet, PAYEE);
    const payments = await this.#pay(central, wallet, miner, wallets.payee);
    await this.#awaitMempool(miner, payments);
    const proof = await this.#awaitBlock(miner, payments);
    await this.#awaitCentral(central, proof);
    await this.#awaitWalletNode(wallet, proof);
    await this.#checkPayee(wallet, payments, before, proof);
    await this.#checkLight(wallets.mnemonics.payee, wallet, payments, proof);
    return this.#evidence;
  }

  /**
   * Lets blocks be mined after the steps, and makes this the state that `network.reset` restores. Where blocks cost work,
   * the miner node is restarted and mines continuously; otherwise the network mines at each `mineAtTxs` transactions, until
   * its mining mode is changed.
   */
  async mineOn(): Promise<void> {
    const network = this.#network!;
    for (const account of network.accounts) await watchAllTypes(account);
    const miner = network.node('miner');
    if (this.#named.params.powNoRetargeting) {
      // In the place of the node's own miner, which nothing but a restart or this call would end.
      this.#mining = {};
      await miner.call('setgenerate', [false]);
      network.mining = { transactions: Math.max(1, this.#mineAtTxs) };
      await network.beginHere();
    } else {
      this.#mining = { ...this.#mining, mineAtTxs: 0 };
      await network.beginHere();
      await miner.stop();
      await miner.start();
    }
  }

  /** Stops all nodes and waits for their exit. A scenario in progress fails. */
  async stop(): Promise<void> {
    this.#stopping.abort(new PierError('interrupted', 'the scenario was stopped'));
    await this.#starting?.catch(() => {});
    await this.#network?.close();
  }

  async #createBlockchain(wallets: ScenarioWallets): Promise<NetworkNode> {
    const { central } = this.#options;
    this.#continues = !(await this.#guard(() => this.#commands.createBlockchain(central, wallets.central)));
    await this.#open(wallets);
    const node = await this.#startNode('central');
    const tip = await this.#tip(node);
    const least = this.#named.params.coinbaseMaturity + 1;
    this.#verify(tip.blocks >= least, `node ${central} has ${tip.blocks} blocks instead of at least ${least}`);
    const balances = await this.#balances(node, CENTRAL_WALLET);
    this.#verify(balances.trusted > 0, `node ${central} has no spendable balance`);
    this.#done(this.#continues ? 'the central node loads its blockchain' : 'the central node creates a blockchain', [
      this.#fact(node, 'height', tip.blocks),
      this.#fact(node, 'best block', tip.bestblockhash),
      this.#fact(node, 'spendable', `${balances.trusted} BTC`),
      this.#fact(node, 'immature rewards', `${balances.immature} BTC`),
    ]);
    return node;
  }

  /** Opens the network, whose nodes do not run yet. */
  async #open(wallets: ScenarioWallets): Promise<void> {
    const { dataDir, logLevel, onLog } = this.#options;
    if (this.#stopping.signal.aborted) this.#fail('the scenario was stopped');
    const opening = openScenarioNetwork({
      ...{ dataDir, network: this.#named, nodeIds: scenarioNodes.map((name) => this.#options[name]) },
      extra: (name, nodeId) => ({
        relaxedDurability: false,
        ...(logLevel ? { logLevel } : {}),
        ...(onLog ? { onLog: (line) => onLog(nodeId, line) } : {}),
        ...(name === 'central' ? { peerBloomFilters: true } : {}),
        ...(name === 'miner' ? this.#mining : {}),
      }),
      seeds: seedsOf(wallets),
    });
    // What `stop` waits for closes.
    this.#starting = opening.then((network) => {
      this.#network = network;
    });
    const network = await this.#guard(() => opening);
    await this.#guard(async () => this.#options.onOpen?.(network));
  }

  async #startWalletNode(central: NetworkNode): Promise<NetworkNode> {
    this.#step = 2;
    const wallet = await this.#startNode('wallet');
    await this.#settle();
    const title = 'the wallet node connects to the central node and downloads the blockchain';
    await this.#downloaded(title, central, wallet);
    return wallet;
  }

  async #startMinerNode(central: NetworkNode, minerAddress: string): Promise<NetworkNode> {
    this.#step = 3;
    // Where blocks cost work, one thread keeps the machine responsive.
    const threads = this.#named.params.powNoRetargeting ? {} : { minerThreads: 1 };
    const mining = { ...threads, minerAddress, mineAtTxs: this.#mineAtTxs };
    if (this.#continues) {
      // It would mine what waits since the last run, on a tip that the others may have left.
      const idle = await this.#startNode('miner');
      await this.#settle();
      await this.#guard(() => idle.stop());
    }
    this.#mining = mining;
    const miner = await this.#startNode('miner');
    await this.#downloaded('the miner node connects to the central node and downloads the blockchain', central, miner);
    return miner;
  }

  /** On the files of an earlier run: lets the nodes agree on a chain, and confirms what has waited since. */
  async #settle(): Promise<void> {
    if (!this.#continues) return;
    const network = this.#network!;
    const nodes = network.nodes.filter(({ status }) => status === 'running');
    await this.#guard(async () => {
      await network.heal();
      for (let least = Number.POSITIVE_INFINITY; ; ) {
        const views = await Promise.all(nodes.map((node) => node.view()));
        const waiting = Math.max(...views.map(({ mempool }) => mempool?.size ?? 0));
        // What is not final or pays too little stays.
        if (new Set(views.map(({ tip }) => tip)).size === 1 && (waiting === 0 || waiting >= least)) return;
        least = waiting;
        await network.mine(1, { by: 'central' });
      }
    });
  }

  async #downloaded(title: string, central: NetworkNode, node: NetworkNode): Promise<void> {
    const expected = await this.#tip(central);
    const tip = await this.#awaitTip(node, expected.bestblockhash);
    const peers = await this.#call<{ addr: string; bytesrecv: number }[]>(node, 'getpeerinfo');
    this.#verify(peers.length > 0, `node ${this.#idOf(node)} has no peer`);
    this.#done(title, [
      this.#fact(node, 'height', tip.blocks),
      this.#fact(node, 'best block', tip.bestblockhash),
      this.#fact(node, 'peers', peers.map(({ addr }) => this.#peerName(node, addr)).join(', ')),
      this.#fact(
        node,
        'bytes received',
        peers.reduce((sum, peer) => sum + peer.bytesrecv, 0),
      ),
    ]);
  }

  /** Returns where the peer listens that a node has at the other end of a link. */
  #peerName(node: NetworkNode, address: string): string {
    const peer = this.#network!.peerOf(node, parseEndpoint(address)!);
    return peer ? formatEndpoint(peer.backend.endpoint) : address;
  }

  /** Step 4: funds the payer, then sends its payments. The first must reach the miner before the second is sent. */
  async #pay(central: NetworkNode, wallet: NetworkNode, miner: NetworkNode, payee: string): Promise<readonly string[]> {
    this.#step = 4;
    const payer = await this.#call<string>(wallet, 'getnewaddress', [], PAYER);
    const funding = await this.#send(central, [
      ...['--to', payer, '--amount', FUNDING, '--from', CENTRAL_WALLET, '--mine'],
    ]);
    for (const node of [wallet, miner]) await this.#awaitTip(node, funding.block!);
    const funded = await this.#balances(wallet, PAYER);
    this.#verify(funded.trusted >= Number(FUNDING), `${PAYER} has ${funded.trusted} BTC after the funding`);

    const txids: string[] = [];
    for (const amount of PAYMENTS) {
      const { txid } = await this.#send(wallet, ['--to', payee, '--amount', amount, '--from', PAYER]);
      if (txids.length === 0)
        await this.#until(`node ${this.#idOf(miner)} has not received payment ${txid}`, () =>
          this.#hasTransaction(miner, txid),
        );
      txids.push(txid);
    }
    this.#done(`the wallet node creates ${PAYMENTS.length} payments`, [
      this.#fact(central, `funding transaction for ${PAYER}`, funding.txid),
      this.#fact(wallet, `${PAYER}'s balance`, `${funded.trusted} BTC`),
      ...txids.map((txid, i) => this.#fact(wallet, `${PAYER} pays ${PAYEE} ${PAYMENTS[i]} BTC`, txid)),
    ]);
    return txids;
  }

  async #awaitMempool(miner: NetworkNode, payments: readonly string[]): Promise<void> {
    this.#step = 5;
    const facts: Fact[] = [];
    for (const txid of payments) {
      await this.#until(`node ${this.#idOf(miner)} has not received payment ${txid}`, () =>
        this.#hasTransaction(miner, txid),
      );
      facts.push(this.#fact(miner, 'payment received', txid));
    }
    this.#done('the miner node receives the payments into its mempool', facts);
  }

  /** Returns whether the node has the transaction in its mempool or, if it was mined meanwhile, in its best block. */
  async #hasTransaction(node: NetworkNode, txid: string): Promise<boolean> {
    const mempool = await this.#call<string[]>(node, 'getrawmempool');
    if (mempool.includes(txid)) return true;
    const best = await this.#call<string>(node, 'getbestblockhash');
    const block = await this.#call<{ tx: string[] }>(node, 'getblock', [best, 1]);
    return block.tx.includes(txid);
  }

  async #awaitBlock(miner: NetworkNode, payments: readonly string[]): Promise<Proof> {
    this.#step = 6;
    const proof = await this.#until(`node ${this.#idOf(miner)} has not mined the payments`, async () => {
      const { lastblock } = await this.#call<{ lastblock?: Proof }>(miner, 'getminerinfo');
      if (!lastblock) return undefined;
      const { tx } = await this.#call<{ tx: string[] }>(miner, 'getblock', [lastblock.hash, 1]);
      return payments.every((txid) => tx.includes(txid)) ? lastblock : undefined;
    });
    this.#done('the mempool reaches its threshold and the miner node mines a block', [
      this.#fact(miner, 'block', proof.hash),
      this.#fact(miner, 'height', proof.height),
      this.#fact(miner, 'transactions, with coinbase', proof.transactions),
      this.#fact(miner, 'nonce', proof.nonce),
      this.#fact(miner, 'hashes tried', proof.hashes),
      this.#fact(miner, 'hash rate', `${Math.round(proof.hashrate)} per second`),
    ]);
    return proof;
  }

  async #awaitCentral(central: NetworkNode, proof: Proof): Promise<void> {
    this.#step = 7;
    const tip = await this.#awaitTip(central, proof.hash);
    this.#done('the central node connects the block', this.#tipFacts(central, tip));
  }

  async #awaitWalletNode(wallet: NetworkNode, proof: Proof): Promise<void> {
    this.#step = 8;
    const tip = await this.#awaitTip(wallet, proof.hash);
    this.#done('the wallet node connects the block', this.#tipFacts(wallet, tip));
  }

  async #checkPayee(wallet: NetworkNode, payments: readonly string[], before: number, proof: Proof): Promise<void> {
    this.#step = 9;
    const paid = PAYMENTS.reduce((sum, amount) => sum + Number(amount), 0);
    const after = await this.#balanceOf(wallet, PAYEE);
    this.#verify(
      satoshis(after) === satoshis(before + paid),
      `${PAYEE} has ${after} BTC instead of ${before} + ${paid}`,
    );
    const facts = [this.#fact(wallet, `${PAYEE}'s balance`, `${after} BTC`)];
    for (const txid of payments) {
      const tx = await this.#call<{ confirmations: number; blockhash?: string; amount: number }>(
        wallet,
        'gettransaction',
        [txid],
        PAYEE,
      );
      this.#verify(
        tx.confirmations >= 1 && tx.blockhash === proof.hash,
        `payment ${txid} is not in block ${proof.hash}`,
      );
      facts.push(this.#fact(wallet, `received ${tx.amount} BTC, confirmations`, tx.confirmations));
    }
    this.#done('the wallet node shows the payments as confirmed', facts);
  }

  /** Step 10: a light node with the payee's wallet, restored from its mnemonic. */
  async #checkLight(mnemonic: string, wallet: NetworkNode, payments: readonly string[], proof: Proof): Promise<void> {
    this.#step = 10;
    const nodeId = this.#options.light;
    await this.#guard(() => this.#commands.restoreWallet(nodeId, PAYEE, mnemonic));
    const light = await this.#startNode('light');
    await this.#awaitTip(light, proof.hash);
    await this.#until(`node ${nodeId} has not scanned all blocks`, async () => {
      const { blocks } = await this.#tip(light);
      return blocks === proof.height;
    });
    const [balance, expected] = [await this.#balanceOf(light, PAYEE), await this.#balanceOf(wallet, PAYEE)];
    this.#verify(balance === expected, `${PAYEE} has ${balance} BTC on node ${nodeId} instead of ${expected}`);
    const facts = [this.#fact(light, `${PAYEE}'s balance`, `${balance} BTC`)];
    for (const txid of payments) {
      const shown = await this.#call<PaymentProof>(light, 'getpaymentproof', [txid]);
      this.#verify(shown.blockhash === proof.hash, `node ${nodeId} has no proof of payment ${txid}`);
      facts.push(this.#fact(light, 'payment proof, hashes in its merkle branch', shown.branch.length));
    }
    const counts = await this.#call<LightInfo>(light, 'getlightinfo');
    const totals = await this.#call<{ totalbytesrecv: number }>(wallet, 'getnettotals');
    facts.push(
      this.#fact(light, 'headers and filters downloaded', `${counts.headers} and ${counts.filters}`),
      this.#fact(light, 'blocks downloaded', counts.blocks),
      this.#fact(light, 'filter false positives', counts.falsepositives),
      this.#fact(light, 'bytes received', counts.bytesreceived),
      this.#fact(wallet, 'bytes received, full node', totals.totalbytesrecv),
    );
    this.#done('a light node verifies the payments without the blockchain', facts);
  }

  async #startNode(name: ScenarioNode): Promise<NetworkNode> {
    if (this.#stopping.signal.aborted) this.#fail('the scenario was stopped');
    const node = this.#network!.node(name);
    const starting = node.start();
    this.#starting = starting;
    await this.#guard(() => starting);
    return node;
  }

  /** Sends a payment by the command. */
  #send(node: NetworkNode, args: readonly string[]): Promise<{ readonly txid: string; readonly block?: string }> {
    return this.#guard(() => this.#commands.run(this.#idOf(node), ['send', ...args]));
  }

  #call<T>(node: NetworkNode, method: string, params: CallParams = [], wallet?: string): Promise<T> {
    return this.#guard(() => node.call<T>(method, params, wallet));
  }

  #idOf({ name }: NetworkNode): number {
    return this.#options[name as ScenarioNode];
  }

  #fact(node: NetworkNode, label: string, value: string | number): Fact {
    return { nodeId: this.#idOf(node), label, value };
  }

  #tipFacts(node: NetworkNode, tip: Tip): Fact[] {
    return [this.#fact(node, 'height', tip.blocks), this.#fact(node, 'best block', tip.bestblockhash)];
  }

  #tip(node: NetworkNode): Promise<Tip> {
    return this.#call<Tip>(node, 'getblockchaininfo');
  }

  async #awaitTip(node: NetworkNode, hash: string): Promise<Tip> {
    return this.#until(`node ${this.#idOf(node)} has not reached block ${hash}`, async () => {
      const tip = await this.#tip(node);
      return tip.bestblockhash === hash ? tip : undefined;
    });
  }

  async #balances(node: NetworkNode, wallet: string): Promise<{ trusted: number; immature: number }> {
    const { mine } = await this.#call<{ mine: { trusted: number; immature: number } }>(node, 'getbalances', [], wallet);
    return mine;
  }

  async #balanceOf(node: NetworkNode, wallet: string): Promise<number> {
    return (await this.#balances(node, wallet)).trusted;
  }

  /** Reads a fact until it is given; fails with `unmet` on timeout. */
  async #until<T>(unmet: string, read: () => Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + this.#factTimeoutMs;
    for (;;) {
      const value = await this.#guard(read);
      if (value !== undefined && value !== false) return value as T;
      if (Date.now() > end) this.#fail(`timeout after ${this.#factTimeoutMs / 1000} s: ${unmet}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
    }
  }

  async #guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof ScenarioError) throw error;
      throw this.#error(error instanceof Error ? error.message : String(error), error);
    }
  }

  #verify(condition: boolean, failure: string): void {
    if (!condition) this.#fail(failure);
  }

  #fail(message: string): never {
    throw this.#error(message);
  }

  #error(message: string, cause?: unknown): ScenarioError {
    return new ScenarioError(this.#step, message, {
      cause,
      // What its own users have done to the files may be the reason.
      ...(this.#continues
        ? {
            hint: `'pier reset --files --datadir ${this.#options.dataDir}' removes the files: the scenario then begins anew.`,
          }
        : {}),
    });
  }

  #done(title: string, facts: readonly Fact[]): void {
    const evidence = { step: this.#step, title, facts };
    this.#evidence.push(evidence);
    this.#options.onStep?.(evidence);
  }
}

function satoshis(bitcoins: number): number {
  return Math.round(bitcoins * 1e8);
}
