import { fromHex, toHex, toReversedHex } from '../../bytes/hex.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { createBlockOn } from '../../mining/block-template.ts';
import { searchProofOfWork } from '../../mining/proof-of-work.ts';
import type { Clock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { Block } from '../../primitives/block.ts';
import { outPointKey } from '../../primitives/outpoint.ts';
import { Transaction } from '../../primitives/transaction.ts';
import { hexOf, txidOf } from './arguments/references.ts';
import type { NetworkNode } from './network-node.ts';
import type { Payment } from './payment.ts';

/** What a reorganisation does. */
export interface ReorgOptions {
  /** Number of blocks that lose; default 1. */
  readonly depth?: number | undefined;
  /** Number of blocks that win; default one more than lose. */
  readonly blocks?: number | undefined;
  /** The node that gets the winning blocks first. Default: the miner. */
  readonly by?: NetworkNode | string | undefined;
  /** Payments, or txids, that the winning blocks leave out, with what spends them. */
  readonly drop?: readonly (string | Payment)[] | undefined;
  /**
   * Transactions, as hex or payments, that confirm instead of those they conflict with: in the first winning block, or in
   * the one that has what they spend.
   */
  readonly replace?: readonly (string | Payment)[] | undefined;
}

/** What has happened. */
export interface Reorg {
  /** Hashes of the blocks that lost, lowest first. */
  readonly lost: readonly string[];
  /** Hashes of the blocks that won, lowest first. */
  readonly won: readonly string[];
}

/** What `mineFork` needs. */
export interface ForkContext {
  readonly node: NetworkNode;
  readonly params: ChainParams;
  readonly clock: Clock;
  /** Script that the blocks pay to. */
  readonly scriptPubKey: Uint8Array;
  /** Returns a number that no other block of the network has. */
  nextExtraNonce(): number;
}

/**
 * Mines blocks on an ancestor of a node's tip and submits them to the node, as another miner's. Their transactions are
 * those of the blocks that lose, less the ones dropped or replaced. Throws `PierError` 'bad-reorg' without effect, if
 * the options make no sense or a block would be invalid.
 */
export async function mineFork(options: ReorgOptions, context: ForkContext): Promise<Reorg> {
  const { node, params, clock, scriptPubKey } = context;
  const { depth = 1, blocks = depth + 1, drop = [], replace = [] } = options;
  const { height } = await node.view();
  if (depth > height) {
    throw bad(`options.depth: ${depth} is above the height of ${node.name}, ${height}`);
  }
  if (blocks <= depth) {
    throw bad(`options.blocks: ${blocks} is not above the depth, ${depth}: fewer blocks do not win`);
  }
  const lost = await blocksFrom(node, height - depth + 1);
  const contents = winningContents(lost, drop.map(txidOf), replace.map(hexOf).map(decode));
  let prev = await node.backend.header(lost[0]!.header.prevHash);
  const won: string[] = [];
  for (let i = 0; i < blocks; i++) {
    const transactions = contents[i] ?? [];
    const template = createBlockOn(prev!, params, scriptPubKey, {
      ...{ clock, transactions, extraNonce: context.nextExtraNonce() },
    });
    const found = await searchProofOfWork(template.block.header);
    const block = new Block(found!.header, template.block.transactions);
    await submit(node, block);
    won.push(block.hashHex);
    prev = await node.backend.header(block.hash);
  }
  const { tip } = await node.view();
  if (tip !== won.at(-1))
    throw bad(`${node.name} found an invalid block among the winning ones: its tip is still ${tip}`);
  return { lost: lost.map(({ hashHex }) => hashHex), won };
}

async function submit(node: NetworkNode, block: Block): Promise<void> {
  const refusal = await node.call<string | null>('submitblock', [toHex(block.encode())]);
  // A block of a branch with less work is stored without a verdict.
  if (refusal === null || refusal === 'inconclusive') return;
  throw bad(`${node.name} refuses the block ${block.hashHex}: ${refusal}`);
}

/** Returns the blocks of a node's chain from a height up. */
async function blocksFrom(node: NetworkNode, from: number): Promise<Block[]> {
  const blocks: Block[] = [];
  const { height: tip } = await node.view();
  for (let height = from; height <= tip; height++) {
    const hash = await node.call<string>('getblockhash', [height]);
    blocks.push(Block.decode(fromHex(await node.call<string>('getblock', [hash, 0]))));
  }
  return blocks;
}

/** Returns the transactions of each winning block but the coinbase. */
function winningContents(
  lost: readonly Block[],
  drop: readonly string[],
  replacements: readonly Transaction[],
): Transaction[][] {
  const known = new Set(lost.flatMap(({ transactions }) => transactions.map(({ txidHex }) => txidHex)));
  for (const txid of drop) if (!known.has(txid)) throw bad(`options.drop: no block that loses contains ${txid}`);
  const taken = new Set(replacements.flatMap(({ inputs }) => inputs.map(({ prevout }) => outPointKey(prevout))));
  // What cannot confirm again: coinbases of blocks that lose, the dropped, the replaced, and whatever spends these.
  const gone = new Set<string>(drop);
  const contents = lost.map(({ transactions }) =>
    transactions.filter((tx) => {
      const isGone =
        tx.isCoinbase ||
        gone.has(tx.txidHex) ||
        tx.inputs.some(({ prevout }) => taken.has(outPointKey(prevout)) || gone.has(toReversedHex(prevout.txid)));
      if (isGone) gone.add(tx.txidHex);
      return !isGone;
    }),
  );
  const places = new Map(contents.flatMap((block, i) => block.map(({ txidHex }) => [txidHex, i] as const)));
  const added = contents.map((): Transaction[] => []);
  for (const [i, tx] of replacements.entries()) {
    const parents = tx.inputs.map(({ prevout }) => toReversedHex(prevout.txid));
    const missing = parents.find((txid) => gone.has(txid));
    if (missing !== undefined) {
      throw bad(`options.replace[${i}]: it spends an output of ${missing}, which does not confirm`);
    }
    const place = Math.max(0, ...parents.map((txid) => places.get(txid) ?? 0));
    added[place]!.push(tx);
    places.set(tx.txidHex, place);
  }
  return contents.map((block, i) => [...block, ...added[i]!]);
}

function decode(hex: string, i: number): Transaction {
  try {
    return Transaction.decode(fromHex(hex));
  } catch (error) {
    throw bad(`options.replace[${i}]: not a transaction in hex`, error);
  }
}

function bad(message: string, cause?: unknown): PierError {
  return new PierError('bad-reorg', `reorg: ${message}`, { cause });
}
