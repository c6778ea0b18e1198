import { concatBytes } from '../../../src/bytes/compare.ts';
import { DecodeError } from '../../../src/bytes/errors.ts';
import { toHex, toReversedHex } from '../../../src/bytes/hex.ts';
import { ByteReader } from '../../../src/bytes/reader.ts';
import { bip34Prefix } from '../../../src/consensus/block-check.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { blockSubsidy } from '../../../src/consensus/subsidy.ts';
import { Block } from '../../../src/primitives/block.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { Choice } from '../../support/choice.ts';
import type { Coin } from '../../support/coin-kinds.ts';
import { DraftGenerator } from '../../support/draft-generator.ts';
import { type BlockChange, type BlockDraft, coinbaseInput, finishBlock } from './block-draft.ts';
import { blockMutationNames, blockMutations, heavyMutations } from './block-mutations.ts';
import { addTransaction, BlockNode } from './block-tree.ts';
import { Kinds } from './kinds.ts';
import type { Answer, Answers, NodePair } from './node-pair.ts';
import { isCandidateValid, scriptErrors, spentBy, TransactionGenerator } from './transactions.ts';
import { isAllowed, isKnotsRejection, isSameAnswer, isSameVerdict } from './verdicts.ts';

/** A difference between the two nodes. The message contains the seed and round that reproduce it. */
export class Disagreement extends Error {}

interface BuiltBlock {
  readonly node: BlockNode;
  readonly bytes: Uint8Array;
  readonly mutations: readonly string[];
}

const MATURITY = regtest.coinbaseMaturity;

/** Sends the same valid and invalid blocks and transactions to both nodes, from genesis on, and compares results. */
export class World {
  /** Number of times that each verdict was returned. */
  readonly verdicts = new Map<string, number>();
  readonly #seed: number;
  readonly #pair: NodePair;
  readonly #choice: Choice;
  readonly #kinds: Kinds;
  readonly #transactions: TransactionGenerator;
  readonly #nodes = new Map<string, BlockNode>();
  #tip: BlockNode;
  #round = 0;
  /** Counter that makes each coinbase unique. */
  #tag = 0;

  constructor(seed: number, pair: NodePair) {
    this.#seed = seed;
    this.#pair = pair;
    this.#choice = new Choice(new SeededRandom(seed));
    this.#kinds = new Kinds(this.#choice);
    this.#transactions = new TransactionGenerator(this.#choice, this.#kinds);
    this.#tip = this.#add(regtest.genesis, undefined);
  }

  /** Mines until the first coinbases are mature. */
  async grow(): Promise<void> {
    while (this.#tip.height < MATURITY + 5) await this.#submit(this.#build(this.#tip, []));
  }

  /** Runs one round: a block, a branch, unconfirmed transactions or a step of the clock; then compares both nodes. */
  async round(): Promise<void> {
    this.#round++;
    const choice = this.#choice;
    const draw = choice.int(20);
    if (draw < 10) await this.#submitBlock();
    else if (draw < 13) await this.#submitBranch();
    else if (draw < 19) await this.#submitTransactions();
    else await this.#advanceTime();
    await this.#compareState();
  }

  /** Compares the UTXO sets. */
  async compareCoins(): Promise<void> {
    const { ours, theirs } = await this.#pair.call('gettxoutsetinfo', 'hash_serialized_3');
    const pick = (answer: Answer) => {
      const { height, bestblock, txouts, bogosize, hash_serialized_3, total_amount } = (
        answer as { result: Record<string, unknown> }
      ).result;
      return { height, bestblock, txouts, bogosize, hash_serialized_3, total_amount };
    };
    this.#check(JSON.stringify(pick(ours)) === JSON.stringify(pick(theirs)), 'gettxoutsetinfo', { ours, theirs });
  }

  #add(block: Block, prev: BlockNode | undefined): BlockNode {
    const node = new BlockNode(block, prev);
    this.#nodes.set(block.hashHex, node);
    return node;
  }

  // Rounds

  async #submitBlock(): Promise<void> {
    const built = this.#build(this.#parent(), this.#drawMutations());
    await this.#submit(built);
    if (this.#choice.chance(12)) await this.#submit(built);
  }

  /** Submits a branch of blocks in any order, in some cases headers first, and in some with an invalid block. */
  async #submitBranch(): Promise<void> {
    const choice = this.#choice;
    const length = 2 + choice.int(4);
    const badAt = choice.chance(3) ? -1 : choice.int(length);
    const built: BuiltBlock[] = [];
    let parent = this.#ancestor(this.#tip, choice.int(4));
    for (let i = 0; i < length; i++) {
      const next = this.#build(parent, i === badAt ? [choice.pick(blockMutationNames)] : []);
      built.push(next);
      parent = next.node;
    }
    if (choice.chance(2)) for (const { node, mutations } of built) await this.#submitHeader(node.block, mutations);
    const order = choice.pick([built, built, built.toReversed(), choice.shuffle(built)]);
    for (const next of order) await this.#submit(next);
    if (choice.chance(2)) for (const next of order) await this.#submit(next);
  }

  async #submitTransactions(): Promise<void> {
    const choice = this.#choice;
    for (let i = 1 + choice.int(4); i > 0; i--) {
      const coins = this.#mempoolCoins();
      if (coins.length === 0) return;
      await this.#submitTransaction(new DraftGenerator(choice, coins).next(this.#tip));
    }
  }

  async #advanceTime(): Promise<void> {
    await this.#pair.setTime(this.#pair.now + this.#choice.int(1200));
  }

  // Blocks

  /** Returns the tip in most cases, otherwise a block near it, on any branch and possibly invalid. */
  #parent(): BlockNode {
    const choice = this.#choice;
    if (!choice.chance(4)) return this.#tip;
    if (choice.chance(3)) return this.#ancestor(this.#tip, choice.int(5));
    const near = [...this.#nodes.values()].filter(({ height }) => height > this.#tip.height - 4);
    return choice.pick(near);
  }

  #ancestor(node: BlockNode, depth: number): BlockNode {
    return node.ancestor(Math.max(node.height - depth, 0))!;
  }

  #drawMutations(): string[] {
    const choice = this.#choice;
    return Array.from({ length: choice.pick([0, 0, 0, 1, 1, 1, 2]) }, () => {
      const name = choice.pick(blockMutationNames);
      return heavyMutations.has(name) && !choice.chance(4) ? choice.pick(blockMutationNames) : name;
    });
  }

  #build(parent: BlockNode, mutations: readonly string[]): BuiltBlock {
    const choice = this.#choice;
    const changes: BlockChange[] = mutations.map((name) => blockMutations[name]!(choice));
    const finished = finishBlock(this.#draft(parent, mutations.length === 0), changes);
    const { bytes } = finished;
    // A flipped bit may make another block, and even a valid one.
    const block = decodeBlock(bytes) ?? finished.block;
    // A mutation may have changed its parent.
    const prev = this.#nodes.get(toReversedHex(block.header.prevHash)) ?? parent;
    const node = this.#nodes.get(block.hashHex) ?? this.#add(block, prev);
    return { node, bytes, mutations };
  }

  #draft(parent: BlockNode, mayFail: boolean): BlockDraft {
    const choice = this.#choice;
    const height = parent.height + 1;
    const { transactions, fees } = this.#selectTransactions(parent, mayFail);
    const outputs = this.#transactions.outputs(parent, blockSubsidy(height, regtest) + fees, 1 + choice.int(4));
    const hasWitness = transactions.some((tx) => tx.hasWitness);
    const isCommitted = hasWitness || choice.chance(2);
    const reserved = choice.chance(8) ? choice.bytes(32) : new Uint8Array(32);
    const tag = this.#tag++;
    const scriptSig = concatBytes(bip34Prefix(height), Uint8Array.of(4, tag, tag >> 8, tag >> 16, tag >> 24));
    const input = coinbaseInput(scriptSig, choice.pick([0xffff_ffff, 0xffff_ffff, 0, 1]), reserved);
    return {
      parent,
      now: this.#pair.now,
      header: {
        version: choice.chance(8) ? 4 : 0x2000_0000,
        prevHash: parent.hash,
        time: Math.min(Math.max(parent.time + 1 + choice.int(300), parent.medianTimePast() + 1), this.#pair.now + 7200),
        bits: 0x207f_ffff,
      },
      coinbase: {
        version: choice.pick([1, 2]),
        inputs: [isCommitted ? input : { ...input, witness: [] }],
        outputs,
        lockTime: 0,
      },
      commitmentAt: isCommitted ? choice.int(outputs.length + 1) : undefined,
      commitmentTail: choice.chance(8) ? choice.bytes(choice.int(20)) : new Uint8Array(0),
      transactions,
    };
  }

  /** Returns transactions for a block after `parent`. If `mayFail`, at most one of them is invalid. */
  #selectTransactions(parent: BlockNode, mayFail: boolean): { transactions: Transaction[]; fees: bigint } {
    const choice = this.#choice;
    const transactions: Transaction[] = [];
    let fees = 0n;
    if (parent.height < MATURITY) return { transactions, fees };
    const coins = new Map(parent.coins);
    let hasFailed = !mayFail;
    const add = (tx: Transaction, fee: bigint) => {
      transactions.push(tx);
      fees += fee;
      addTransaction(coins, tx, parent.height + 1, false);
    };
    for (const { tx } of this.#pair.pier.mempool.entries()) {
      // Half of the mempool's transactions that are valid after this parent.
      const spent = choice.chance(2) ? spentBy(tx, coins) : undefined;
      if (!spent || !isCandidateValid({ tx, spent, fee: 0n }, parent)) continue;
      add(tx, 0n);
    }
    for (let i = choice.int(6); i > 0; i--) {
      const candidate = this.#transactions.next(parent, coins);
      if (!candidate) break;
      const isValid = isCandidateValid(candidate, parent);
      if (!isValid && (hasFailed || !choice.chance(8))) continue;
      hasFailed ||= !isValid;
      add(candidate.tx, candidate.fee);
    }
    return { transactions, fees };
  }

  async #submitHeader(block: Block, mutations: readonly string[]): Promise<void> {
    const hex = toHex(block.header.encode());
    if (block.header.version < 0) return;
    const answers = await this.#pair.call('submitheader', hex);
    const agree = isSameAnswer(answers) || this.#isUnmarkedDescendant(block, answers);
    this.#check(agree, `submitheader [${mutations}] ${hex}`, answers);
  }

  async #submit({ node, bytes, mutations }: BuiltBlock): Promise<void> {
    // Knots parses a header with a negative version in a format of its own. For Core the version is merely too low.
    if (bytes[3]! & 0x80) return;
    const [answers, best] = (await this.#pair.callAll(['submitblock', toHex(bytes)], ['getbestblockhash'])) as [
      Answers,
      Answers,
    ];
    const what = `submitblock [${mutations}] on height ${node.height - 1} (${shorten(toHex(bytes))})`;
    const agree =
      isSameAnswer(answers, () => this.#scriptErrors(node)) || this.#isUnmarkedDescendant(node.block, answers);
    this.#check(agree, what, answers);
    this.#count(answers);
    this.#check(isSameAnswer(best), `the tip after ${what}`, best);
    const tip = 'result' in best.ours ? this.#nodes.get(String(best.ours.result)) : undefined;
    if (!tip) throw new Disagreement(`the tip after ${what} is unknown to the test: ${JSON.stringify(best)}`);
    this.#tip = tip;
    if (tip.time > this.#pair.now) await this.#pair.setTime(tip.time);
  }

  /**
   * Whether Pier rejects a descendant of an invalid block that bitcoind has not marked. Core marks all descendants at
   * once only since release 30 (pull request 31405); before, it marks a descendant when it encounters one.
   */
  #isUnmarkedDescendant({ hash, header: { prevHash } }: Block, { ours }: Answers): boolean {
    const { chain } = this.#pair.pier;
    const verdict = 'error' in ours ? ours.error : ours.result;
    const index = chain.getIndex(hash) ?? chain.getIndex(prevHash);
    // Pier does not store headers after an invalid block, so a child of such a header has no parent.
    if (!index) return isParentMissing(verdict) && this.#isInvalid(this.#nodes.get(toReversedHex(prevHash)));
    if (!index.failed || !index.prev?.failed) return false;
    return verdict === 'duplicate-invalid' || verdict === 'bad-prevblk';
  }

  /** Returns all script errors of the block. If several scripts fail, either node may report any of them. */
  #scriptErrors({ block, prev, height }: BlockNode): string[] {
    const coins = new Map(prev!.coins);
    return block.transactions.slice(1).flatMap((tx) => {
      const spent = spentBy(tx, coins);
      addTransaction(coins, tx, height, false);
      return spent ? scriptErrors(tx, spent, prev!) : [];
    });
  }

  // Transactions

  /** Returns coins that a transaction in the mempool can spend. */
  #mempoolCoins(): Coin[] {
    const coins = new Map(this.#tip.coins);
    for (const { tx } of this.#pair.pier.mempool.entries()) {
      const spent = spentBy(tx, coins) ?? [];
      addTransaction(coins, tx, this.#tip.height + 1, false);
      // In a quarter of the cases the spent coins stay, so that some transactions conflict.
      if (this.#choice.chance(4)) for (const coin of spent) coins.set(outPointKey(coin.outpoint), coin);
    }
    return [...coins.values()].flatMap(({ outpoint, output: { value, scriptPubKey }, isCoinbase, height }) => {
      if (isCoinbase && this.#tip.height + 1 - height < MATURITY && !this.#choice.chance(50)) return [];
      const kinds = this.#kinds.of(scriptPubKey);
      return kinds.length === 0 ? [] : { outpoint, value, kind: this.#choice.pick(kinds) };
    });
  }

  async #submitTransaction(tx: Transaction): Promise<void> {
    const hex = toHex(tx.encode());
    const answers = await this.#pair.call('testmempoolaccept', [hex], 0);
    if (isKnotsRejection(answers.theirs)) return;
    this.#check(isSameVerdict(answers), `testmempoolaccept ${shorten(hex)}`, answers);
    this.#count(answers);
    if (this.#choice.chance(4)) return;
    const sent = await this.#pair.call('sendrawtransaction', hex, 0, '21000000');
    this.#check('result' in sent.ours === 'result' in sent.theirs, `sendrawtransaction ${shorten(hex)}`, sent);
  }

  // Comparison

  async #compareState(): Promise<void> {
    const [tips, before] = (await this.#pair.callAll(['getchaintips'], ['getrawmempool', true])) as [Answers, Answers];
    const lines = { ours: this.#tipLines(tips.ours), theirs: this.#tipLines(tips.theirs) };
    this.#check(isSameAnswer(lines), 'getchaintips', lines);
    const isChanged = await this.#reconcileMempools(before.theirs);
    const mempools = isChanged ? await this.#pair.call('getrawmempool', true) : before;
    const entries = { ours: entryLines(mempools.ours), theirs: entryLines(mempools.theirs) };
    this.#check(isSameAnswer(entries), 'getrawmempool', entries);
  }

  /**
   * Makes the mempools equal after a reorganisation. Pier's may then contain more: transactions that violate a policy
   * of Knots alone, and transactions that Core dropped when it tried to activate a branch that turned out invalid.
   * `theirs` is bitcoind's. Returns whether a mempool has changed.
   */
  async #reconcileMempools(theirs: Answer): Promise<boolean> {
    const { mempool } = this.#pair.pier;
    const known = new Set(Object.keys((theirs as { result: object }).result));
    const extra = [...mempool.entries()].filter(({ tx }) => !known.has(tx.txidHex));
    for (const { tx } of extra.sort((a, b) => a.ancestorCount - b.ancestorCount)) {
      if (!mempool.has(tx.txid)) continue;
      const hex = toHex(tx.encode());
      const answers = await this.#pair.call('testmempoolaccept', [hex], 0);
      if (isKnotsRejection(answers.theirs)) {
        mempool.remove(tx.txid, 'reorg');
      } else {
        this.#check(isAllowed(answers.theirs), `only in our mempool: ${hex}`, answers);
        await this.#pair.call('sendrawtransaction', hex, 0, '21000000');
      }
    }
    return extra.length > 0;
  }

  /** Formats the chain tips, except invalid ones: see `isUnmarkedDescendant`. */
  #tipLines(answer: Answer): Answer {
    if ('error' in answer) return answer;
    const tips = answer.result as { height: number; hash: string; branchlen: number; status: string }[];
    const lines = tips
      .filter(({ hash }) => !this.#isInvalid(this.#nodes.get(hash)))
      .map(({ height, hash, branchlen, status }) => `${height} ${hash} ${branchlen} ${status}`);
    return { result: lines.sort() };
  }

  #isInvalid(node: BlockNode | undefined): boolean {
    for (let at = node; at; at = at.prev) {
      const index = this.#pair.pier.chain.getIndex(at.hash);
      if (index) return index.failed;
    }
    return false;
  }

  #count({ ours }: Answers): void {
    const name = nameOf(ours);
    this.verdicts.set(name, (this.verdicts.get(name) ?? 0) + 1);
  }

  #check(agree: boolean, what: string, { ours, theirs }: Answers): void {
    if (agree) return;
    const replay = `PIER_FUZZ_SEED=${this.#seed} PIER_FUZZ_ROUNDS=${this.#round}`;
    throw new Disagreement(`${replay}\n${what}\nours:   ${JSON.stringify(ours)}\ntheirs: ${JSON.stringify(theirs)}`);
  }
}

/** Whether this is a verdict of submitblock or submitheader on a block whose parent is unknown. */
function isParentMissing(verdict: unknown): boolean {
  return verdict === 'prev-blk-not-found' || String(verdict).startsWith('Must submit previous header');
}

/** Decodes a block, ignoring trailing bytes as both nodes do; undefined if the bytes are malformed. */
function decodeBlock(bytes: Uint8Array): Block | undefined {
  try {
    return Block.read(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Returns the verdict on a block or a transaction as one string. */
function nameOf(answer: Answer): string {
  if ('error' in answer) return answer.error;
  if (!Array.isArray(answer.result)) return String(answer.result);
  const [verdict] = answer.result as [{ allowed: boolean; 'reject-reason'?: string }];
  return verdict.allowed ? 'allowed' : verdict['reject-reason']!;
}

interface RawMempoolEntry {
  readonly fees: { readonly base: number; readonly ancestor: number; readonly descendant: number };
  readonly depends: readonly string[];
  readonly [field: string]: unknown;
}

/** Formats the mempool entries that both nodes must agree on. */
function entryLines(answer: Answer): Answer {
  if ('error' in answer) return answer;
  const lines = Object.entries(answer.result as Record<string, RawMempoolEntry>).map(([txid, entry]) => {
    const { vsize, weight, ancestorcount, ancestorsize, descendantcount, descendantsize, fees, depends } = entry;
    const sizes = [vsize, weight, ancestorcount, ancestorsize, descendantcount, descendantsize];
    return [txid, ...sizes, fees.base, fees.ancestor, fees.descendant, ...[...depends].sort()].join(' ');
  });
  return { result: lines.sort() };
}

/** Shortens hex that is too long for a terminal. */
function shorten(hex: string): string {
  return hex.length <= 20_000 ? hex : `${hex.slice(0, 20_000)}... ${hex.length / 2} bytes`;
}
