import { concatBytes, equalBytes } from '../../../src/bytes/compare.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import { bip34Prefix } from '../../../src/consensus/block-check.ts';
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT } from '../../../src/consensus/limits.ts';
import { blockMerkleRoot } from '../../../src/consensus/merkle.ts';
import { transactionSigOpCost } from '../../../src/consensus/sigops.ts';
import { MAX_MONEY } from '../../../src/primitives/amount.ts';
import { Block } from '../../../src/primitives/block.ts';
import { HEADER_SIZE } from '../../../src/primitives/header.ts';
import type { OutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxIn } from '../../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS } from '../../../src/script/flags.ts';
import { Op } from '../../../src/script/opcodes.ts';
import type { Choice } from '../../support/choice.ts';
import { mutateTransaction, txMutationNames } from '../../support/tx-mutations.ts';
import type { BlockChange, BlockDraft } from './block-draft.ts';
import { addTransaction, type NamedCoin } from './block-tree.ts';
import { spentBy } from './transactions.ts';

type Mutation = (choice: Choice) => BlockChange;

const OP_TRUE = Uint8Array.of(Op.OP_1);

const header =
  (change: (header: BlockDraft['header'], choice: Choice, draft: BlockDraft) => void): Mutation =>
  (choice) => ({ draft: (draft) => change(draft.header, choice, draft) });

const draft =
  (change: (draft: BlockDraft, choice: Choice) => void): Mutation =>
  (choice) => ({ draft: (it) => change(it, choice) });

/** Changes the coinbase's input. */
const coinbaseInput = (change: (input: TxIn, draft: BlockDraft, choice: Choice) => Partial<TxIn>): Mutation =>
  draft((it, choice) => {
    const [input, ...others] = it.coinbase.inputs;
    if (input) it.coinbase.inputs = [{ ...input, ...change(input, it, choice) }, ...others];
  });

/** Changes the value of the coinbase's first output. */
const reward = (change: (value: bigint) => bigint): Mutation =>
  draft(({ coinbase }) => {
    const [output, ...others] = coinbase.outputs;
    if (output) coinbase.outputs = [{ ...output, value: change(output.value) }, ...others];
  });

/** Changes the list of transactions, coinbase included. */
const list = (change: (transactions: Transaction[], choice: Choice, draft: BlockDraft) => Transaction[]): Mutation => {
  return (choice) => ({
    transactions: (transactions, it) => (transactions.length === 0 ? [] : change(transactions, choice, it)),
  });
};

/** Changes the transactions after the header is final. */
const sealed = (change: (transactions: readonly Transaction[], choice: Choice) => readonly Transaction[]): Mutation => {
  return (choice) => ({
    sealed: (block) =>
      block.transactions.length === 0 ? block : new Block(block.header, change(block.transactions, choice)),
  });
};

const bytes =
  (change: (bytes: Uint8Array, choice: Choice, block: Block) => Uint8Array): Mutation =>
  (choice) => ({ bytes: (it, block) => change(it, choice, block) });

const fill = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);

function replaceInput(tx: Transaction, change: Partial<TxIn>): Transaction {
  const { version, inputs, outputs, lockTime } = tx;
  return new Transaction({ version, inputs: inputs.with(0, { ...inputs[0]!, ...change }), outputs, lockTime });
}

/** Returns a transaction that spends an anyone-can-spend coin. */
function openSpend(coin: OutPoint, value: bigint, scriptPubKey: Uint8Array = OP_TRUE): Transaction {
  return new Transaction({
    version: 2,
    inputs: [{ prevout: coin, scriptSig: new Uint8Array(0), sequence: 0xffff_ffff, witness: [] }],
    outputs: [{ value, scriptPubKey }],
    lockTime: 0,
  });
}

/** Returns a mature anyone-can-spend coin that the block does not spend. */
function openCoin({ parent, transactions }: BlockDraft): NamedCoin | undefined {
  for (const coin of [...parent.coins.values()].reverse()) {
    const { output, outpoint } = coin;
    if (coin.isCoinbase && parent.height + 1 - coin.height < 100) continue;
    if (!equalBytes(output.scriptPubKey, OP_TRUE)) continue;
    const isSpent = transactions.some((tx) =>
      tx.inputs.some(({ prevout }) => prevout.vout === outpoint.vout && equalBytes(prevout.txid, outpoint.txid)),
    );
    if (!isSpent) return coin;
  }
  return undefined;
}

/** Returns the signature operation cost of the draft. */
function sigOpCost({ parent, coinbase, transactions }: BlockDraft): number {
  const coins = new Map(parent.coins);
  let cost = transactionSigOpCost(new Transaction(coinbase), [], MANDATORY_SCRIPT_VERIFY_FLAGS);
  for (const tx of transactions) {
    cost += transactionSigOpCost(tx, spentBy(tx, coins) ?? [], MANDATORY_SCRIPT_VERIFY_FLAGS);
    addTransaction(coins, tx, parent.height + 1, false);
  }
  return cost;
}

/** Adds an output that raises the signature operation cost to the limit, or exceeds it by `beyond` operations. */
const manySigOps = (beyond: number): Mutation =>
  draft((it) => {
    const room = Math.floor((MAX_BLOCK_SIGOPS_COST - sigOpCost(it)) / 4);
    if (room < 0) return;
    it.coinbase.outputs.push({ value: 0n, scriptPubKey: fill(Op.OP_CHECKSIG, room + beyond) });
  });

/** Adds a transaction that raises the weight to the limit, or exceeds it by `beyond`. */
const weight = (beyond: number): Mutation =>
  draft((it) => {
    // Output scripts weigh 4 per byte, witness bytes 1, which reaches the limit exactly.
    const coin = openCoin(it);
    if (!coin) return;
    const { value } = coin.output;
    const build = (witnessBytes: number, scriptBytes: number): Transaction =>
      replaceInput(openSpend(coin.outpoint, value, concatBytes(Uint8Array.of(Op.OP_RETURN), fill(0, scriptBytes))), {
        witness: [fill(1, witnessBytes)],
      });
    // The commitment is added to the coinbase later.
    const coinbase = new Transaction(it.coinbase);
    const commitment = it.commitmentAt === undefined ? 0 : 4 * (8 + 1 + 38 + it.commitmentTail.length);
    let total = 4 * (HEADER_SIZE + 1) + coinbase.weight + commitment;
    for (const tx of it.transactions) total += tx.weight;
    const missing = MAX_BLOCK_WEIGHT - total - build(70_000, 70_000).weight;
    const scriptBytes = 70_000 + Math.floor(missing / 8);
    const witnessBytes = 70_000 + missing - 4 * (scriptBytes - 70_000);
    // A second mutation of weight finds no room.
    if (scriptBytes < 0 || witnessBytes < 0) return;
    it.transactions.push(build(witnessBytes + beyond, scriptBytes));
  });

/** Returns the transactions with the last ones repeated so that the merkle root is unchanged (CVE-2012-2459). */
function withRepeatedEnd(transactions: readonly Transaction[]): readonly Transaction[] {
  const { root } = blockMerkleRoot({ transactions });
  for (const count of [1, 2, 4, 8]) {
    const longer = [...transactions, ...transactions.slice(-count)];
    if (count <= transactions.length && equalBytes(blockMerkleRoot({ transactions: longer }).root, root)) return longer;
  }
  return transactions;
}

/** Encodes the block with a custom encoding of transaction `at`. */
function withRawTransaction(block: Block, at: number, encode: (tx: Transaction) => Uint8Array): Uint8Array {
  return new ByteWriter(HEADER_SIZE)
    .bytes(block.header.encode())
    .compactSize(block.transactions.length)
    .bytes(concatBytes(...block.transactions.map((tx, i) => (i === at ? encode(tx) : tx.encode()))))
    .finish();
}

/** A mutation for each field, part and rule of a block. */
export const blockMutations: Readonly<Record<string, Mutation>> = {
  // Header
  'low version': header((it, choice) => {
    it.version = choice.pick([0, 1, 2, 3]);
  }),
  'any version': header((it, choice) => {
    it.version = choice.pick([4, 0x7fff_ffff, 0x2000_0001, 0x3fff_ffff, choice.int(2 ** 31)]);
  }),
  'unknown parent': header((it, choice) => {
    it.prevHash = choice.bytes(32);
  }),
  'no parent': header((it) => {
    it.prevHash = new Uint8Array(32);
  }),
  'parent of the parent': header((it, _, { parent }) => {
    it.prevHash = parent.prev?.hash ?? it.prevHash;
  }),
  'merkle root': (choice) => ({
    header: (it) => {
      it.merkleRoot = choice.flipBit(it.merkleRoot);
    },
  }),
  'time at most median time past': header((it, choice, { parent }) => {
    it.time = parent.medianTimePast() - choice.int(2);
  }),
  'time just after median time past': header((it, _, { parent }) => {
    it.time = parent.medianTimePast() + 1;
  }),
  'time two hours ahead': header((it, _, { now }) => {
    it.time = now + 7200;
  }),
  'time more than two hours ahead': header((it, choice, { now }) => {
    it.time = choice.pick([now + 7201, 0xffff_ffff]);
  }),
  'time 0': header((it) => {
    it.time = 0;
  }),
  'valid bits': header((it, choice) => {
    it.bits = choice.pick([0x207f_fffe, 0x1f7f_ffff, 0x2000_ffff, 0x1f01_0000]);
  }),
  'invalid bits': header((it, choice) => {
    it.bits = choice.pick([
      0,
      0x2080_0000,
      0x20ff_ffff,
      0x2100_ffff,
      0xff7f_ffff,
      0x0100_0000,
      0x2200_0001,
      choice.int(2 ** 32),
    ]);
  }),
  'missed target': () => ({ unsolved: true }),

  // Coinbase
  'wrong height': coinbaseInput((_, { parent }, choice) => ({
    scriptSig: concatBytes(bip34Prefix(parent.height + choice.pick([0, 2, 256])), choice.bytes(4)),
  })),
  'height in a non-minimal push': coinbaseInput((_, { parent }) => ({
    scriptSig: Uint8Array.of(Op.OP_PUSHDATA1, ...bip34Prefix(Math.max(parent.height + 1, 17)), 0),
  })),
  'height with an extra zero byte': coinbaseInput((_, { parent }) => ({
    scriptSig: Uint8Array.of(3, (parent.height + 1) & 0xff, (parent.height + 1) >> 8, 0),
  })),
  'coinbase script with only the height': coinbaseInput((_, { parent }) => ({
    scriptSig: bip34Prefix(parent.height + 1),
  })),
  'long coinbase script': coinbaseInput((_, { parent }, choice) => {
    const prefix = bip34Prefix(parent.height + 1);
    return { scriptSig: concatBytes(prefix, fill(0xff, choice.pick([100, 101]) - prefix.length)) };
  }),
  'short coinbase script': coinbaseInput((_, __, choice) => ({ scriptSig: choice.bytes(choice.int(2)) })),
  'coinbase prevout': coinbaseInput(({ prevout }, _, choice) => ({
    prevout: choice.chance(2) ? { ...prevout, vout: 0 } : { txid: choice.bytes(32), vout: prevout.vout },
  })),
  'coinbase not final': draft(({ coinbase, parent }, choice) => {
    coinbase.inputs = coinbase.inputs.map((input) => ({ ...input, sequence: 0 }));
    coinbase.lockTime = choice.pick([
      parent.height,
      parent.height + 1,
      parent.medianTimePast() - 1,
      parent.medianTimePast(),
    ]);
  }),
  'coinbase version': draft(({ coinbase }, choice) => {
    coinbase.version = choice.pick([0, 1, 3, 0xffff_ffff]);
  }),
  'coinbase with two inputs': draft(({ coinbase }) => {
    coinbase.inputs.push({ ...coinbase.inputs[0]!, witness: [] });
  }),
  'coinbase without outputs': draft((it) => {
    it.coinbase.outputs = [];
    it.commitmentAt = undefined;
  }),
  'reward one satoshi more': reward((value) => value + 1n),
  'reward one satoshi less': reward((value) => (value > 0n ? value - 1n : value)),
  'negative reward': reward(() => -1n),
  'reward above MAX_MONEY': reward(() => MAX_MONEY + 1n),
  'reward of MAX_MONEY': reward(() => MAX_MONEY),
  'rewards above MAX_MONEY in total': draft(({ coinbase }) => {
    coinbase.outputs.push({ value: MAX_MONEY, scriptPubKey: OP_TRUE }, { value: 1n, scriptPubKey: OP_TRUE });
  }),

  // Witnesses
  'reserved value of wrong size': coinbaseInput((_, __, choice) => ({
    witness: choice.pick([[], [fill(0, 31)], [fill(0, 33)], [fill(0, 32), fill(0, 32)], [fill(0, 0)]]),
  })),
  'reserved value changed': list(([coinbase, ...others], choice) => [
    replaceInput(coinbase!, { witness: [choice.bytes(32)] }),
    ...others,
  ]),
  'no commitment': draft((it) => {
    it.commitmentAt = undefined;
  }),
  'no commitment, no reserved value': draft((it) => {
    it.commitmentAt = undefined;
    it.coinbase.inputs = it.coinbase.inputs.map((input) => ({ ...input, witness: [] }));
  }),
  'additional commitment': draft(({ coinbase }, choice) => {
    const scriptPubKey = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...choice.bytes(choice.pick([31, 32, 33])));
    const output = { value: 0n, scriptPubKey };
    if (choice.chance(2)) coinbase.outputs.unshift(output);
    else coinbase.outputs.push(output);
  }),
  'witnesses stripped': sealed((transactions) => transactions.map((tx) => Transaction.decode(tx.encodeStripped()))),
  'coinbase witness stripped': sealed(([coinbase, ...others]) => [
    Transaction.decode(coinbase!.encodeStripped()),
    ...others,
  ]),

  // List of transactions
  'no transactions': list(() => []),
  'no coinbase': list((transactions) => transactions.slice(1)),
  'duplicate coinbase': list((transactions) => [transactions[0]!, ...transactions]),
  'coinbase last': list(([coinbase, ...others]) => [...others, coinbase!]),
  'another coinbase': list((transactions) => [
    ...transactions,
    replaceInput(transactions[0]!, { scriptSig: fill(7, 7), witness: [] }),
  ]),
  'transactions shuffled': list(([coinbase, ...others], choice) => [coinbase!, ...choice.shuffle(others)]),
  'transactions reversed': list(([coinbase, ...others]) => [coinbase!, ...others.reverse()]),
  'duplicate transaction': draft((it, choice) => {
    if (it.transactions.length === 0) return;
    it.transactions.splice(choice.int(it.transactions.length + 1), 0, choice.pick(it.transactions));
  }),
  'transaction removed': draft((it, choice) => {
    it.transactions.splice(choice.int(it.transactions.length + 1), 1);
  }),
  'transaction of an ancestor': draft((it, choice) => {
    const ancestor = it.parent.ancestor(Math.max(it.parent.height - choice.int(6), 0))!;
    if (ancestor.block.transactions.length > 0) it.transactions.push(choice.pick(ancestor.block.transactions));
  }),
  'transaction mutated': draft((it, choice) => {
    if (it.transactions.length === 0) return;
    const at = choice.int(it.transactions.length);
    it.transactions[at] = mutateTransaction(it.transactions[at]!, choice.pick(txMutationNames), choice);
  }),
  'unknown coin': draft((it, choice) => {
    it.transactions.push(openSpend({ txid: choice.bytes(32), vout: 0 }, 0n));
  }),
  'coin spent twice': draft((it, choice) => {
    if (it.transactions.length === 0) return;
    it.transactions.push(openSpend(choice.pick(it.transactions).inputs[0]!.prevout, 0n));
  }),
  'immature coinbase spent': draft((it, choice) => {
    const young = [...it.parent.coins.values()].filter(
      (coin) => coin.isCoinbase && it.parent.height + 1 - coin.height < 100,
    );
    if (young.length > 0) it.transactions.push(openSpend(choice.pick(young).outpoint, 0n));
  }),
  'own coinbase spent': list((transactions) => [
    ...transactions,
    openSpend({ txid: transactions[0]!.txid, vout: 0 }, 0n),
  ]),
  'outputs exceed inputs': draft((it) => {
    const coin = openCoin(it);
    if (coin) it.transactions.push(openSpend(coin.outpoint, coin.output.value + 1n));
  }),
  'transaction of 64 bytes': draft((it) => {
    const coin = openCoin(it);
    if (coin) it.transactions.push(openSpend(coin.outpoint, 0n, Uint8Array.of(0x51, 0x51, 0x51, 0x51)));
  }),
  'unspendable output spent': draft((it, choice) => {
    const coin = openCoin(it);
    if (!coin) return;
    const scriptPubKey = choice.pick([fill(0x51, 10_001), fill(0x51, 10_000), fill(0x6a, 1)]);
    const parent = openSpend(coin.outpoint, 1n, scriptPubKey);
    it.transactions.push(parent, openSpend({ txid: parent.txid, vout: 0 }, 0n));
  }),

  // Limits
  'signature operations up to the limit': manySigOps(0),
  'signature operations beyond the limit': manySigOps(1),
  'weight up to the limit': weight(0),
  'weight beyond the limit': weight(1),
  'size beyond the limit': draft(({ coinbase }) => {
    coinbase.outputs.push({ value: 0n, scriptPubKey: fill(Op.OP_RETURN, 1_000_000) });
  }),

  // Transactions that do not match the header
  'end repeated (CVE-2012-2459)': sealed(withRepeatedEnd),
  'last transaction removed after the header': sealed((transactions) => transactions.slice(0, -1)),
  'transaction mutated after the header': sealed((transactions, choice) => {
    const at = choice.int(transactions.length);
    return transactions.with(at, mutateTransaction(transactions[at]!, choice.pick(txMutationNames), choice));
  }),

  // Encoding
  'bytes truncated': bytes((it, choice) => it.subarray(0, choice.int(it.length))),
  'bytes added': bytes((it, choice) => concatBytes(it, choice.bytes(1 + choice.int(40)))),
  'bit flipped': bytes((it, choice) => choice.flipBit(it)),
  'transaction count not minimally encoded': bytes((it, choice, { transactions: { length } }) => {
    if (length >= 253) return it;
    const count = choice.pick([
      [0xfd, length, 0],
      [0xfe, length, 0, 0, 0],
      [0xff, length, 0, 0, 0, 0, 0, 0, 0],
    ]);
    return concatBytes(it.subarray(0, HEADER_SIZE), Uint8Array.from(count), it.subarray(HEADER_SIZE + 1));
  }),
  'wrong transaction count': bytes((it, choice) => {
    const copy = it.slice();
    copy[HEADER_SIZE] = copy[HEADER_SIZE]! + choice.pick([1, -1]);
    return copy;
  }),
  'huge transaction count': bytes((it, choice) => {
    const count = choice.pick([
      [0xfe, 0xff, 0xff, 0xff, 0x01],
      [0xfe, 0x01, 0x00, 0x00, 0x02],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]);
    return concatBytes(it.subarray(0, HEADER_SIZE), Uint8Array.from(count), it.subarray(HEADER_SIZE + 1));
  }),
  'superfluous witness': bytes((it, choice, block) => {
    if (block.transactions.length === 0) return it;
    const flag = choice.pick([0, 1, 2, 3]);
    return withRawTransaction(block, choice.int(block.transactions.length), (tx) => {
      const raw = tx.encodeStripped();
      const witness = fill(0, flag & 1 ? tx.inputs.length : 0);
      return concatBytes(raw.subarray(0, 4), Uint8Array.of(0, flag), raw.subarray(4, -4), witness, raw.subarray(-4));
    });
  }),
};

/** The names of all mutations. */
export const blockMutationNames: readonly string[] = Object.keys(blockMutations);

/** Mutations that are drawn less often because they are slow. */
export const heavyMutations: ReadonlySet<string> = new Set([
  'weight up to the limit',
  'weight beyond the limit',
  'size beyond the limit',
  'signature operations up to the limit',
  'signature operations beyond the limit',
]);
