import { DEFAULT_NETWORK } from '../node/config.ts';
import type { LogLevel } from '../node/logging.ts';
import { findNetwork, type NamedNetwork } from '../node/networks.ts';
import { PierError } from '../platform/errors.ts';
import { NodeProcess, type NodeProcessOptions, runPier } from './processes/node-process.ts';

/** A value read from a node. */
export interface Fact {
  readonly nodeId: number;
  readonly label: string;
  readonly value: string | number;
}

/** A completed step and the facts that verify it. */
export interface StepEvidence {
  readonly step: number;
  readonly title: string;
  readonly facts: readonly Fact[];
}

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
  /** Called when a step has been verified. */
  readonly onStep?: (evidence: StepEvidence) => void;
}

/** Thrown when a step fails or its facts do not hold in time. */
export class ScenarioError extends PierError {
  /** Number of the failed step. */
  readonly step: number;

  constructor(step: number, message: string, cause?: unknown) {
    super('step-failed', `step ${step}: ${message}`, cause === undefined ? {} : { cause });
    this.step = step;
  }
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
interface CreatedWallet {
  readonly wallet: string;
  readonly address: string;
}
interface Proof {
  readonly hash: string;
  readonly height: number;
  readonly nonce: number;
  readonly hashes: number;
  readonly hashrate: number;
  readonly transactions: number;
}

const CENTRAL_WALLET = 'central';
const PAYER = 'alice';
const PAYEE = 'bob';
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
  readonly #network: NamedNetwork;
  readonly #factTimeoutMs: number;
  readonly #nodes: NodeProcess[] = [];
  readonly #evidence: StepEvidence[] = [];
  #step = 0;
  #starting: Promise<NodeProcess> | undefined;
  #stopped = false;

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.#network = options.network ?? findNetwork(DEFAULT_NETWORK);
    const { powNoRetargeting, powTargetSpacing } = this.#network.params;
    this.#factTimeoutMs = FACT_TIMEOUT_MS + (powNoRetargeting ? 0 : MAX_BLOCK_INTERVALS * powTargetSpacing * 1000);
  }

  /** The running nodes, in the order they were started. */
  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  /** Plays all steps. Throws `ScenarioError` at the first that fails. The nodes keep running until `stop`. */
  async play(): Promise<readonly StepEvidence[]> {
    const central = await this.#createBlockchain();
    const { wallet, payee } = await this.#startWalletNode(central);
    const miner = await this.#startMinerNode(central);
    const before = await this.#balanceOf(wallet, PAYEE);
    const payments = await this.#pay(central, wallet, miner, payee);
    await this.#awaitMempool(miner, payments);
    const proof = await this.#awaitBlock(miner, payments);
    await this.#awaitCentral(central, proof);
    await this.#awaitWalletNode(wallet, proof);
    await this.#checkPayee(wallet, payments, before, proof);
    await this.#checkLight(central, wallet, payments, proof);
    return this.#evidence;
  }

  /** Restarts the miner node to mine continuously. Returns the central node, which receives the blocks. */
  async mineOn(): Promise<NodeProcess> {
    const [central, , miner] = this.#nodes;
    await miner!.stop();
    this.#nodes.splice(this.#nodes.indexOf(miner!), 1);
    const { nodeId, seeds, minerAddress } = miner!.options;
    const mining = { ...(minerAddress === undefined ? {} : { minerAddress }), mineAtTxs: 0, ...this.#minerThreads() };
    await this.#startNode({ nodeId, seeds, ...mining });
    return central!;
  }

  /** Limits mining to one thread where blocks cost work, to keep the machine responsive. */
  #minerThreads(): { minerThreads?: number } {
    return this.#network.params.powNoRetargeting ? {} : { minerThreads: 1 };
  }

  /** Stops all nodes, last started first, and waits for their exit. A scenario in progress fails. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#starting?.catch(() => {});
    for (const node of this.#nodes.toReversed()) await node.stop();
  }

  async #createBlockchain(): Promise<NodeProcess> {
    this.#step = 1;
    const { central } = this.#options;
    const own = await this.#createWallet(central, CENTRAL_WALLET);
    const created = await this.#unless(
      'chain-exists',
      this.#pier(central, ['createblockchain', '--address', own.address]),
    );
    const node = await this.#startNode({ nodeId: central, seeds: [], peerBloomFilters: true });
    const tip = await this.#tip(node);
    const least = this.#network.params.coinbaseMaturity + 1;
    this.#verify(tip.blocks >= least, `node ${central} has ${tip.blocks} blocks instead of at least ${least}`);
    const balances = await this.#balances(node, CENTRAL_WALLET);
    this.#verify(balances.trusted > 0, `node ${central} has no spendable balance`);
    this.#done(created ? 'the central node creates a blockchain' : 'the central node loads its blockchain', [
      fact(node, 'height', tip.blocks),
      fact(node, 'best block', tip.bestblockhash),
      fact(node, 'spendable', `${balances.trusted} BTC`),
      fact(node, 'immature rewards', `${balances.immature} BTC`),
    ]);
    return node;
  }

  async #startWalletNode(central: NodeProcess): Promise<{ wallet: NodeProcess; payee: CreatedWallet }> {
    this.#step = 2;
    const nodeId = this.#options.wallet;
    await this.#createWallet(nodeId, PAYER);
    const payee = await this.#createWallet(nodeId, PAYEE);
    const wallet = await this.#startNode({ nodeId, seeds: [central.p2p] });
    await this.#downloaded(
      'the wallet node connects to the central node and downloads the blockchain',
      central,
      wallet,
    );
    return { wallet, payee };
  }

  async #startMinerNode(central: NodeProcess): Promise<NodeProcess> {
    this.#step = 3;
    const nodeId = this.#options.miner;
    const { address } = await this.#createWallet(nodeId, 'miner');
    const mineAtTxs = this.#options.mineAtTxs ?? PAYMENTS.length;
    const mining = { minerAddress: address, mineAtTxs, ...this.#minerThreads() };
    const miner = await this.#startNode({ nodeId, seeds: [central.p2p], ...mining });
    await this.#downloaded('the miner node connects to the central node and downloads the blockchain', central, miner);
    return miner;
  }

  async #downloaded(title: string, central: NodeProcess, node: NodeProcess): Promise<void> {
    const expected = await this.#tip(central);
    const tip = await this.#awaitTip(node, expected.bestblockhash);
    const peers = await node.rpc.call<{ addr: string; bytesrecv: number }[]>('getpeerinfo');
    this.#verify(peers.length > 0, `node ${node.nodeId} has no peer`);
    this.#done(title, [
      fact(node, 'height', tip.blocks),
      fact(node, 'best block', tip.bestblockhash),
      fact(node, 'peers', peers.map((peer) => peer.addr).join(', ')),
      fact(
        node,
        'bytes received',
        peers.reduce((sum, peer) => sum + peer.bytesrecv, 0),
      ),
    ]);
  }

  /** Step 4: funds the payer, then sends its payments. The first must reach the miner before the second is sent. */
  async #pay(
    central: NodeProcess,
    wallet: NodeProcess,
    miner: NodeProcess,
    payee: CreatedWallet,
  ): Promise<readonly string[]> {
    this.#step = 4;
    const payer = await wallet.rpc.call<string>('getnewaddress', [], PAYER);
    const funding = await this.#pier<{ txid: string; block?: string }>(central.nodeId, [
      ...['send', '--to', payer, '--amount', FUNDING, '--from', CENTRAL_WALLET, '--mine'],
    ]);
    for (const node of [wallet, miner]) await this.#awaitTip(node, funding.block!);
    const funded = await this.#balances(wallet, PAYER);
    this.#verify(funded.trusted >= Number(FUNDING), `${PAYER} has ${funded.trusted} BTC after the funding`);

    const txids: string[] = [];
    for (const amount of PAYMENTS) {
      const { txid } = await this.#pier<{ txid: string }>(wallet.nodeId, [
        ...['send', '--to', payee.address, '--amount', amount, '--from', PAYER],
      ]);
      if (txids.length === 0)
        await this.#until(`node ${miner.nodeId} has not received payment ${txid}`, () =>
          this.#hasTransaction(miner, txid),
        );
      txids.push(txid);
    }
    this.#done(`the wallet node creates ${PAYMENTS.length} payments`, [
      fact(central, `funding transaction for ${PAYER}`, funding.txid),
      fact(wallet, `${PAYER}'s balance`, `${funded.trusted} BTC`),
      ...txids.map((txid, i) => fact(wallet, `${PAYER} pays ${PAYEE} ${PAYMENTS[i]} BTC`, txid)),
    ]);
    return txids;
  }

  async #awaitMempool(miner: NodeProcess, payments: readonly string[]): Promise<void> {
    this.#step = 5;
    const facts: Fact[] = [];
    for (const txid of payments) {
      await this.#until(`node ${miner.nodeId} has not received payment ${txid}`, () =>
        this.#hasTransaction(miner, txid),
      );
      facts.push(fact(miner, 'payment received', txid));
    }
    this.#done('the miner node receives the payments into its mempool', facts);
  }

  /** Returns whether the node has the transaction in its mempool or, if it was mined meanwhile, in its best block. */
  async #hasTransaction(node: NodeProcess, txid: string): Promise<boolean> {
    const mempool = await node.rpc.call<string[]>('getrawmempool');
    if (mempool.includes(txid)) return true;
    const best = await node.rpc.call<string>('getbestblockhash');
    const block = await node.rpc.call<{ tx: string[] }>('getblock', [best, 1]);
    return block.tx.includes(txid);
  }

  async #awaitBlock(miner: NodeProcess, payments: readonly string[]): Promise<Proof> {
    this.#step = 6;
    const proof = await this.#until(`node ${miner.nodeId} has not mined the payments`, async () => {
      const { lastblock } = await miner.rpc.call<{ lastblock?: Proof }>('getminerinfo');
      if (!lastblock) return undefined;
      const { tx } = await miner.rpc.call<{ tx: string[] }>('getblock', [lastblock.hash, 1]);
      return payments.every((txid) => tx.includes(txid)) ? lastblock : undefined;
    });
    this.#done('the mempool reaches its threshold and the miner node mines a block', [
      fact(miner, 'block', proof.hash),
      fact(miner, 'height', proof.height),
      fact(miner, 'transactions, with coinbase', proof.transactions),
      fact(miner, 'nonce', proof.nonce),
      fact(miner, 'hashes tried', proof.hashes),
      fact(miner, 'hash rate', `${Math.round(proof.hashrate)} per second`),
    ]);
    return proof;
  }

  async #awaitCentral(central: NodeProcess, proof: Proof): Promise<void> {
    this.#step = 7;
    const tip = await this.#awaitTip(central, proof.hash);
    this.#done('the central node connects the block', tipFacts(central, tip));
  }

  async #awaitWalletNode(wallet: NodeProcess, proof: Proof): Promise<void> {
    this.#step = 8;
    const tip = await this.#awaitTip(wallet, proof.hash);
    this.#done('the wallet node connects the block', tipFacts(wallet, tip));
  }

  async #checkPayee(wallet: NodeProcess, payments: readonly string[], before: number, proof: Proof): Promise<void> {
    this.#step = 9;
    const paid = PAYMENTS.reduce((sum, amount) => sum + Number(amount), 0);
    const after = await this.#balanceOf(wallet, PAYEE);
    this.#verify(
      satoshis(after) === satoshis(before + paid),
      `${PAYEE} has ${after} BTC instead of ${before} + ${paid}`,
    );
    const facts = [fact(wallet, `${PAYEE}'s balance`, `${after} BTC`)];
    for (const txid of payments) {
      const tx = await wallet.rpc.call<{ confirmations: number; blockhash?: string; amount: number }>(
        'gettransaction',
        [txid],
        PAYEE,
      );
      this.#verify(
        tx.confirmations >= 1 && tx.blockhash === proof.hash,
        `payment ${txid} is not in block ${proof.hash}`,
      );
      facts.push(fact(wallet, `received ${tx.amount} BTC, confirmations`, tx.confirmations));
    }
    this.#done('the wallet node shows the payments as confirmed', facts);
  }

  /** Step 10: a light node with the payee's wallet, restored from its mnemonic. */
  async #checkLight(
    central: NodeProcess,
    wallet: NodeProcess,
    payments: readonly string[],
    proof: Proof,
  ): Promise<void> {
    this.#step = 10;
    const nodeId = this.#options.light;
    await this.#restoreWallet(wallet.nodeId, nodeId, PAYEE);
    const light = await this.#startNode({ nodeId, seeds: [central.p2p, wallet.p2p], spv: true });
    await this.#awaitTip(light, proof.hash);
    await this.#until(`node ${nodeId} has not scanned all blocks`, async () => {
      const { blocks } = await this.#tip(light);
      return blocks === proof.height;
    });
    const [balance, expected] = [await this.#balanceOf(light, PAYEE), await this.#balanceOf(wallet, PAYEE)];
    this.#verify(balance === expected, `${PAYEE} has ${balance} BTC on node ${nodeId} instead of ${expected}`);
    const facts = [fact(light, `${PAYEE}'s balance`, `${balance} BTC`)];
    for (const txid of payments) {
      const shown = await this.#guard(() => light.rpc.call<PaymentProof>('getpaymentproof', [txid]));
      this.#verify(shown.blockhash === proof.hash, `node ${nodeId} has no proof of payment ${txid}`);
      facts.push(fact(light, 'payment proof, hashes in its merkle branch', shown.branch.length));
    }
    const counts = await this.#guard(() => light.rpc.call<LightInfo>('getlightinfo'));
    facts.push(
      fact(light, 'headers and filters downloaded', `${counts.headers} and ${counts.filters}`),
      fact(light, 'blocks downloaded', counts.blocks),
      fact(light, 'filter false positives', counts.falsepositives),
      fact(light, 'bytes received', counts.bytesreceived),
      fact(wallet, 'bytes received, full node', (await this.#received(wallet)).totalbytesrecv),
    );
    this.#done('a light node verifies the payments without the blockchain', facts);
  }

  #received(node: NodeProcess): Promise<{ totalbytesrecv: number }> {
    return this.#guard(() => node.rpc.call<{ totalbytesrecv: number }>('getnettotals'));
  }

  /** Restores a wallet of one node on another, stopped node from its mnemonic, unless an earlier run has done so. */
  async #restoreWallet(from: number, to: number, name: string): Promise<void> {
    const wallets = await this.#pier<{ wallet: string; mnemonic: string }[]>(from, ['showmnemonic']);
    const { mnemonic } = wallets.find(({ wallet }) => wallet === name)!;
    await this.#unless('wallet-exists', this.#pier(to, ['createwallet', '--restore', '--name', name], mnemonic));
  }

  async #startNode(
    options: Omit<NodeProcessOptions, 'dataDir' | 'network' | 'logLevel' | 'onLog'>,
  ): Promise<NodeProcess> {
    if (this.#stopped) this.#fail('the scenario was stopped');
    const { dataDir, logLevel, onLog } = this.#options;
    this.#starting = NodeProcess.start({
      ...options,
      dataDir,
      network: this.#network.argument,
      ...(logLevel ? { logLevel } : {}),
      ...(onLog ? { onLog: (line) => onLog(options.nodeId, line) } : {}),
    }).then((node) => {
      this.#nodes.push(node);
      return node;
    });
    const starting = this.#starting;
    return this.#guard(() => starting);
  }

  /** Runs a CLI command in a child process. */
  #pier<T = unknown>(nodeId: number, args: readonly string[], input?: string): Promise<T> {
    const { dataDir } = this.#options;
    const files = ['--datadir', dataDir, '--network', this.#network.argument];
    return this.#guard(() => runPier<T>(nodeId, [...args, ...files], input));
  }

  /** Creates a wallet, or finds the one of an earlier run. Returns it with one of its addresses. */
  async #createWallet(nodeId: number, name: string): Promise<CreatedWallet> {
    const created = await this.#unless(
      'wallet-exists',
      this.#pier<CreatedWallet>(nodeId, ['createwallet', '--name', name]),
    );
    if (created) return created;
    const addresses = await this.#pier<CreatedWallet[]>(nodeId, ['listaddresses']);
    return addresses.find(({ wallet }) => wallet === name) ?? this.#fail(`node ${nodeId} has no wallet '${name}'`);
  }

  /** Returns the result of a command, or undefined if it failed with the error code `code`. */
  async #unless<T>(code: string, command: Promise<T>): Promise<T | undefined> {
    try {
      return await command;
    } catch (error) {
      if (error instanceof ScenarioError && error.cause instanceof PierError && error.cause.code === code)
        return undefined;
      throw error;
    }
  }

  #tip(node: NodeProcess): Promise<Tip> {
    return this.#guard(() => node.rpc.call<Tip>('getblockchaininfo'));
  }

  async #awaitTip(node: NodeProcess, hash: string): Promise<Tip> {
    return this.#until(`node ${node.nodeId} has not reached block ${hash}`, async () => {
      const tip = await this.#tip(node);
      return tip.bestblockhash === hash ? tip : undefined;
    });
  }

  async #balances(node: NodeProcess, wallet: string): Promise<{ trusted: number; immature: number }> {
    const { mine } = await this.#guard(() =>
      node.rpc.call<{ mine: { trusted: number; immature: number } }>('getbalances', [], wallet),
    );
    return mine;
  }

  async #balanceOf(node: NodeProcess, wallet: string): Promise<number> {
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
      throw new ScenarioError(this.#step, error instanceof Error ? error.message : String(error), error);
    }
  }

  #verify(condition: boolean, failure: string): void {
    if (!condition) this.#fail(failure);
  }

  #fail(message: string): never {
    throw new ScenarioError(this.#step, message);
  }

  #done(title: string, facts: readonly Fact[]): void {
    const evidence = { step: this.#step, title, facts };
    this.#evidence.push(evidence);
    this.#options.onStep?.(evidence);
  }
}

function fact(node: NodeProcess, label: string, value: string | number): Fact {
  return { nodeId: node.nodeId, label, value };
}

function satoshis(bitcoins: number): number {
  return Math.round(bitcoins * 1e8);
}

function tipFacts(node: NodeProcess, tip: Tip): Fact[] {
  return [fact(node, 'height', tip.blocks), fact(node, 'best block', tip.bestblockhash)];
}
