import { concatBytes } from '../../../src/bytes/compare.ts';
import { fromHex } from '../../../src/bytes/hex.ts';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import { regtest } from '../../../src/consensus/params.ts';
import { checkProofOfWork } from '../../../src/consensus/pow.ts';
import { encodeMessage } from '../../../src/p2p/wire/messages/index.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { Block } from '../../../src/primitives/block.ts';
import { BlockHeader, type BlockHeaderFields } from '../../../src/primitives/header.ts';
import type { OutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import {
  type BlockPlan,
  coinbase,
  mineBlock,
  OP_TRUE,
  type SpendPlan,
  sealBlock,
  spend,
} from '../../chain/support/builder.ts';
import { versionMessage } from './fake-peer.ts';
import { raw, repeated, wellFormed } from './raw-message.ts';

/** How the node reacts to the sender. */
export type Verdict = 'ignored' | 'disconnected' | 'discouraged';

/** The state that misbehaviours refer to: a chain of more than 250 blocks, which the node under attack has. */
export interface Scene {
  readonly tip: BlockIndex;
  /** Unix seconds. */
  readonly now: number;
  /** Returns a mature, unspent, anyone-can-spend output of 50 BTC, a new one at each call. */
  coin(): OutPoint;
}

/** Messages that no honest peer sends, from an inbound peer. */
export interface Misbehaviour {
  readonly name: string;
  /** Core's reaction. */
  readonly verdict: Verdict;
  /** Whether the messages are sent before the handshake. */
  readonly early?: boolean;
  messages(scene: Scene): readonly Uint8Array[];
}

const random = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const invEntry = (type: number, hash = random(7)) => new ByteWriter(36).u32(type).bytes(hash).finish();
const ipAddress = fromHex('00000000000000000000ffffcb007101');
const addrEntry = new ByteWriter(30).u32(1_600_000_000).u64(1033n).bytes(ipAddress).u16be(8333).finish();
const addrV2Entry = fromHex('00105e5f 09 01 04 cb007101 208d'.replaceAll(' ', ''));
const locator = (count: number) => concatBytes(fromHex('80110100'), repeated(count, random(1)), random(0));

const basic = { filterType: 0 };

/** Returns a header on `prev`, with or without proof of work. */
export function header(prev: BlockIndex, fields: Partial<BlockHeaderFields> = {}, hasWork = true): BlockHeader {
  for (let nonce = 0; ; nonce++) {
    const made = new BlockHeader({
      version: 0x2000_0000,
      prevHash: prev.hash,
      merkleRoot: random(9),
      time: prev.time + 1,
      bits: prev.bits,
      nonce,
      ...fields,
    });
    if (checkProofOfWork(made.hash, made.bits, regtest) === hasWork) return made;
  }
}

const sendHeaders = (...headers: BlockHeader[]) => [wellFormed('headers', { headers })];
const sendBlock = (block: Block) => [wellFormed('block', block)];
/** Mines a block on the tip. */
export const blockOnTip = ({ tip, now }: Scene, plan: BlockPlan = {}) =>
  mineBlock(tip, { time: Math.max(now, tip.medianTimePast() + 1), tag: 0xbad, ...plan });

/** Returns a block with the same header and other transactions. */
const withTransactions = (block: Block, transactions: readonly Transaction[]) => new Block(block.header, transactions);

const outputOf = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });

/** Returns a transaction that spends a coin of the scene, with changes. */
export function spendCoin(scene: Scene, changed: Partial<SpendPlan> = {}): Transaction {
  return spend({
    inputs: changed.inputs ?? [scene.coin()],
    outputs: [outputOf(4_999_980_000n), outputOf(10_000n)],
    ...changed,
  });
}

/** Misbehaviours that Core's net_processing.cpp and net.cpp check for. */
export const misbehaviours: readonly Misbehaviour[] = [
  // Frames.
  {
    name: 'a wrong magic',
    verdict: 'disconnected',
    messages: () => [raw('ping', new Uint8Array(8), { magic: fromHex('f9beb4d9') })],
  },
  {
    name: 'a wrong checksum',
    verdict: 'ignored',
    messages: () => [raw('inv', repeated(50_001, invEntry(1)), { checksum: new Uint8Array(4) })],
  },
  {
    name: 'an announced payload of 4,000,001 bytes',
    verdict: 'disconnected',
    messages: () => [raw('ping', new Uint8Array(8), { length: 4_000_001 })],
  },
  {
    name: 'bytes after the NUL of a command',
    verdict: 'ignored',
    messages: () => [raw('', repeated(50_001, invEntry(1)), { command: fromHex('696e76000000000000000001') })],
  },
  {
    name: 'a command of non-ASCII characters',
    verdict: 'ignored',
    messages: () => [raw('\u0001\u00ff', new Uint8Array(5))],
  },
  {
    name: 'unknown commands',
    verdict: 'ignored',
    messages: () => [raw('nosuchthing'), raw('alert', new Uint8Array(1000)), raw('reject'), raw('sendtxrcncl')],
  },
  // Handshake.
  {
    name: 'an obsolete version',
    verdict: 'disconnected',
    early: true,
    messages: () => [wellFormed('version', versionMessage({ version: 31_799 }))],
  },
  {
    name: 'a negative version',
    verdict: 'disconnected',
    early: true,
    messages: () => [wellFormed('version', versionMessage({ version: -1 }))],
  },
  {
    name: 'a version whose user agent has 257 bytes',
    verdict: 'ignored',
    early: true,
    messages: () => [wellFormed('version', versionMessage({ userAgent: 'x'.repeat(257) }))],
  },
  {
    name: 'a truncated version',
    verdict: 'ignored',
    early: true,
    messages: () => [raw('version', encodeMessage('version', versionMessage()).subarray(0, 50))],
  },
  {
    name: 'a version with extreme numbers',
    verdict: 'ignored',
    early: true,
    messages: () => [
      wellFormed(
        'version',
        versionMessage({
          version: 0x7fff_ffff,
          services: 2n ** 64n - 1n,
          time: -(2n ** 63n),
          startHeight: -(2 ** 31),
          userAgent: '\u0000\u001b[2J',
        }),
      ),
    ],
  },
  {
    name: 'messages before verack',
    verdict: 'ignored',
    early: true,
    messages: () => [
      wellFormed('version', versionMessage()),
      wellFormed('version', versionMessage({ version: 1 })),
      raw('ping', new Uint8Array(8)),
      raw('mempool'),
      raw('filterclear'),
      raw('inv', repeated(50_001, invEntry(1))),
    ],
  },
  {
    name: 'a redundant version',
    verdict: 'ignored',
    messages: () => [wellFormed('version', versionMessage({ version: 1 })), raw('version', new Uint8Array(3))],
  },
  { name: 'a redundant verack', verdict: 'ignored', messages: () => [raw('verack'), raw('verack')] },
  { name: 'wtxidrelay after verack', verdict: 'disconnected', messages: () => [raw('wtxidrelay')] },
  { name: 'sendaddrv2 after verack', verdict: 'disconnected', messages: () => [raw('sendaddrv2')] },
  // Oversized lists.
  { name: 'an addr of 1,001', verdict: 'discouraged', messages: () => [raw('addr', repeated(1001, addrEntry))] },
  {
    name: 'an addrv2 of 1,001',
    verdict: 'discouraged',
    messages: () => [raw('addrv2', repeated(1001, addrV2Entry))],
  },
  { name: 'an inv of 50,001', verdict: 'discouraged', messages: () => [raw('inv', repeated(50_001, invEntry(1)))] },
  {
    name: 'a getdata of 50,001',
    verdict: 'discouraged',
    messages: () => [raw('getdata', repeated(50_001, invEntry(1)))],
  },
  {
    name: 'a notfound of 50,001',
    verdict: 'ignored',
    messages: () => [raw('notfound', repeated(50_001, invEntry(1)))],
  },
  {
    name: 'oversized counts without the entries',
    verdict: 'ignored',
    messages: () => [
      raw('inv', repeated(50_001, invEntry(1), 1)),
      raw('addr', repeated(1001, addrEntry, 1000)),
      raw('getdata', repeated(0x0100_0000, invEntry(1), 1)),
      raw('headers', repeated(0x0300_0000, new Uint8Array(81), 1)),
    ],
  },
  {
    name: 'a headers count of 2,001',
    verdict: 'discouraged',
    messages: () => [raw('headers', repeated(2001, random(1), 0))],
  },
  { name: 'a getheaders with 102 hashes', verdict: 'disconnected', messages: () => [raw('getheaders', locator(102))] },
  { name: 'a getblocks with 102 hashes', verdict: 'disconnected', messages: () => [raw('getblocks', locator(102))] },
  {
    name: 'getheaders and getblocks with 101 hashes',
    verdict: 'ignored',
    messages: () => [raw('getheaders', locator(101)), raw('getblocks', locator(101))],
  },
  // Commands of services that are not offered.
  { name: 'mempool', verdict: 'disconnected', messages: () => [raw('mempool')] },
  { name: 'filterload', verdict: 'disconnected', messages: () => [raw('filterload')] },
  { name: 'filteradd', verdict: 'disconnected', messages: () => [raw('filteradd', fromHex('0101'))] },
  { name: 'filterclear', verdict: 'disconnected', messages: () => [raw('filterclear')] },
  // Block filters, which are offered.
  {
    name: 'getcfilters of an unknown type',
    verdict: 'disconnected',
    messages: ({ tip }) => [wellFormed('getcfilters', { filterType: 1, startHeight: 0, stopHash: tip.hash })],
  },
  {
    name: 'getcfilters up to an unknown block',
    verdict: 'disconnected',
    messages: () => [raw('getcfilters', new Uint8Array(37))],
  },
  {
    name: 'getcfilters from a height above the stop block',
    verdict: 'disconnected',
    messages: ({ tip }) => [wellFormed('getcfilters', { ...basic, startHeight: tip.height + 1, stopHash: tip.hash })],
  },
  {
    name: 'getcfheaders of an unknown type',
    verdict: 'disconnected',
    messages: ({ tip }) => [wellFormed('getcfheaders', { filterType: 255, startHeight: 0, stopHash: tip.hash })],
  },
  {
    name: 'getcfheaders up to an unknown block',
    verdict: 'disconnected',
    messages: () => [raw('getcfheaders', new Uint8Array(37))],
  },
  {
    name: 'getcfheaders from the highest uint32 height',
    verdict: 'disconnected',
    messages: ({ tip }) => [wellFormed('getcfheaders', { ...basic, startHeight: 0xffff_ffff, stopHash: tip.hash })],
  },
  {
    name: 'getcfcheckpt of an unknown type',
    verdict: 'disconnected',
    messages: ({ tip }) => [wellFormed('getcfcheckpt', { filterType: 1, stopHash: tip.hash })],
  },
  {
    name: 'getcfcheckpt up to an unknown block',
    verdict: 'disconnected',
    messages: () => [raw('getcfcheckpt', new Uint8Array(33))],
  },
  {
    name: 'getcfcheckpt up to a header without block data',
    verdict: 'disconnected',
    messages: ({ tip }) => {
      const announced = header(tip);
      return [...sendHeaders(announced), wellFormed('getcfcheckpt', { ...basic, stopHash: announced.hash })];
    },
  },
  {
    name: 'unrequested block filters',
    verdict: 'ignored',
    messages: () => [
      wellFormed('cfilter', { ...basic, blockHash: random(1), filter: random(2) }),
      wellFormed('cfheaders', { ...basic, stopHash: random(1), previousHeader: random(2), filterHashes: [random(3)] }),
      raw('cfheaders', concatBytes(new Uint8Array(65), repeated(2_001, random(3)))),
      wellFormed('cfcheckpt', { ...basic, stopHash: random(1), filterHeaders: [random(3)] }),
    ],
  },
  {
    name: 'truncated requests for block filters',
    verdict: 'ignored',
    messages: () => [raw('getcfilters', new Uint8Array(36)), raw('getcfheaders'), raw('getcfcheckpt', random(0))],
  },
  {
    name: 'a request for a merkle block, and requests and announcements of unknown types',
    verdict: 'ignored',
    messages: ({ tip }) => [
      raw('getdata', repeated(1, invEntry(InvType.FILTERED_BLOCK, tip.hash))),
      raw('getdata', repeated(3, invEntry(0x7777))),
      raw('getdata', repeated(3, invEntry(0))),
      raw('inv', repeated(3, invEntry(0x7777))),
    ],
  },
  // Invalid payloads.
  {
    name: 'fee filters out of range',
    verdict: 'ignored',
    messages: () => [
      wellFormed('feefilter', { feeRate: -1n }),
      wellFormed('feefilter', { feeRate: 21_000_000n * 100_000_000n + 1n }),
      wellFormed('feefilter', { feeRate: 2n ** 63n - 1n }),
      raw('feefilter', new Uint8Array(3)),
    ],
  },
  {
    name: 'truncated payloads',
    verdict: 'ignored',
    messages: () =>
      ['headers', 'inv', 'getdata', 'tx', 'block', 'addr', 'addrv2', 'getheaders', 'pong', 'sendcmpct', 'notfound'].map(
        (command) => raw(command, Uint8Array.of(3, 2)),
      ),
  },
  {
    name: 'unrequested pongs, and pings without a nonce',
    verdict: 'ignored',
    messages: () => [raw('pong', new Uint8Array(8).fill(3)), raw('pong'), raw('ping'), raw('ping', new Uint8Array(3))],
  },
  {
    name: 'addresses of wrong lengths and unknown networks',
    verdict: 'ignored',
    messages: () => [
      raw('addrv2', fromHex('01 00105e5f 09 01 05 cb00710100 208d'.replaceAll(' ', ''))),
      raw('addrv2', fromHex('01 00105e5f 09 aa 02 cb00 208d'.replaceAll(' ', ''))),
      raw('addrv2', concatBytes(fromHex('01 00105e5f 09 aa fd0102'.replaceAll(' ', '')), new Uint8Array(515))),
    ],
  },
  // Headers.
  {
    name: 'headers without proof of work',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip, {}, false)),
  },
  {
    name: 'headers of an unknown chain without proof of work',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip, { prevHash: random(5) }, false)),
  },
  {
    name: 'non-continuous headers',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip), header(tip, { merkleRoot: random(3) })),
  },
  {
    name: 'unconnecting headers',
    verdict: 'ignored',
    messages: ({ tip }) =>
      Array.from({ length: 20 }, (_, i) => sendHeaders(header(tip, { prevHash: random(i + 1) }))[0]!),
  },
  {
    name: 'a low-work chain',
    verdict: 'ignored',
    messages: ({ tip }) => sendHeaders(header(tip.ancestor(1)!)),
  },
  {
    name: 'a header with a time too far in the future',
    verdict: 'ignored',
    messages: ({ tip, now }) => sendHeaders(header(tip, { time: now + 3 * 3600 })),
  },
  {
    name: 'a header with a time not above the median time past',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip, { time: tip.medianTimePast() })),
  },
  {
    name: 'a header with wrong difficulty bits',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip, { bits: 0x207f_fffe })),
  },
  {
    name: 'a header with an obsolete version',
    verdict: 'discouraged',
    messages: ({ tip }) => sendHeaders(header(tip, { version: 1 })),
  },
  { name: 'no headers', verdict: 'ignored', messages: () => [wellFormed('headers', { headers: [] })] },
  // Blocks.
  {
    name: 'a block on an unknown parent',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = blockOnTip(scene);
      return sendBlock(sealBlock(block.transactions, { ...fieldsOf(block), prevHash: random(5) }));
    },
  },
  {
    name: 'a block without proof of work',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = blockOnTip(scene);
      const workless = header(scene.tip, { ...fieldsOf(block) }, false);
      return sendBlock(new Block(workless, block.transactions));
    },
  },
  {
    name: 'a block with an excessive coinbase value',
    verdict: 'discouraged',
    messages: (scene) => sendBlock(blockOnTip(scene, { fees: 1n })),
  },
  {
    name: 'a header on an invalid block',
    verdict: 'discouraged',
    messages: (scene) => {
      const parent = blockOnTip(scene, { fees: 2n });
      const child = mineBlock({ ...parent.header, hash: parent.hash, height: scene.tip.height + 1 });
      return [...sendHeaders(parent.header), ...sendBlock(parent), ...sendHeaders(child.header)];
    },
  },
  {
    name: 'a block that spends a missing output',
    verdict: 'discouraged',
    messages: (scene) => sendBlock(blockOnTip(scene, { transactions: [spendCoin(scene, { inputs: [missing] })] })),
  },
  {
    name: 'a block without transactions',
    verdict: 'discouraged',
    messages: (scene) => sendBlock(withTransactions(blockOnTip(scene), [])),
  },
  {
    name: 'a block with a wrong merkle root',
    verdict: 'discouraged',
    messages: (scene) => sendBlock(withTransactions(blockOnTip(scene), [coinbase(scene.tip.height + 1, { tag: 5 })])),
  },
  {
    name: 'a block with a duplicate transaction and the same merkle root (CVE-2012-2459)',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = blockOnTip(scene, { transactions: [spendCoin(scene), spendCoin(scene)] });
      return sendBlock(withTransactions(block, [...block.transactions, block.transactions[2]!]));
    },
  },
  {
    name: 'a block with an uncommitted witness',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = blockOnTip(scene);
      const [first] = block.transactions;
      const { version, inputs, outputs, lockTime } = first!;
      const changed = inputs.map((input) => ({ ...input, witness: [random(1)] }));
      return sendBlock(withTransactions(block, [new Transaction({ version, inputs: changed, outputs, lockTime })]));
    },
  },
  {
    name: 'the tip, mutated',
    verdict: 'discouraged',
    messages: ({ tip }) => sendBlock(new Block(tip.header, [coinbase(tip.height, { tag: 5 })])),
  },
  {
    name: 'a low-work block',
    verdict: 'ignored',
    messages: ({ tip }) => sendBlock(mineBlock(tip.ancestor(1)!, { tag: 0xbad })),
  },
  {
    name: 'a block with a time too far in the future',
    verdict: 'ignored',
    messages: (scene) => sendBlock(blockOnTip(scene, { time: scene.now + 3 * 3600 })),
  },
  // Transactions.
  {
    name: 'transactions that violate consensus',
    verdict: 'ignored',
    messages: (scene) => {
      const coin = scene.coin();
      return [
        spendCoin(scene, { inputs: [] }),
        spendCoin(scene, { outputs: [] }),
        spendCoin(scene, { inputs: [coin, coin] }),
        spendCoin(scene, { outputs: [outputOf(-1n), outputOf(1n)] }),
        spendCoin(scene, { outputs: [outputOf(2_100_000_000_000_001n), outputOf(1n)] }),
        spendCoin(scene, { outputs: [outputOf(5_000_000_000n), outputOf(1n)] }),
        coinbase(scene.tip.height + 1),
      ].map((tx) => wellFormed('tx', tx));
    },
  },
  {
    name: 'transactions whose scripts fail, repeatedly',
    verdict: 'ignored',
    messages: (scene) => {
      const inputs = [scene.coin()];
      const withWitness = (witness: Uint8Array[]) => spendCoin(scene, { inputs, witness });
      const bad = spendCoin(scene, { inputs, scriptSig: Uint8Array.of(0x6a) });
      return [bad, bad, bad, withWitness([random(1)]), withWitness([random(2)]), withWitness([random(3)])].map((tx) =>
        wellFormed('tx', tx),
      );
    },
  },
  {
    name: 'orphans',
    verdict: 'ignored',
    messages: (scene) =>
      Array.from({ length: 150 }, (_, i) =>
        wellFormed('tx', spendCoin(scene, { inputs: [{ txid: random(i), vout: i }] })),
      ),
  },
];

const missing: OutPoint = { txid: random(0xee), vout: 3 };

function fieldsOf({ header: { version, prevHash, merkleRoot, time, bits } }: Block): Omit<BlockHeaderFields, 'nonce'> {
  return { version, prevHash, merkleRoot, time, bits };
}
