import { concatBytes } from '../../../src/bytes/compare.ts';
import { fromHex } from '../../../src/bytes/hex.ts';
import { toCompactBlock } from '../../../src/p2p/blocks/compact/compact-block.ts';
import type { CmpctBlockMessage } from '../../../src/p2p/wire/messages/cmpctblock.ts';
import { Block } from '../../../src/primitives/block.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { header, type Misbehaviour, onTip, type Scene, spending } from './misbehaviours.ts';
import { raw, wellFormed } from './raw-message.ts';

const NONCE = 7n;
const unknown = new Uint8Array(32).fill(0x5e);

const compact = (block: Block, changed: Partial<CmpctBlockMessage> = {}) =>
  wellFormed('cmpctblock', { ...toCompactBlock(block, NONCE), ...changed });

/** A block on the tip with a transaction that nobody has; `tag` makes it differ from others. */
const unheardOf = (scene: Scene, tag: number) => onTip(scene, { tag, transactions: [spending(scene)] });

/** BIP152's part of the list of what Core judges. */
export const compactMisbehaviours: readonly Misbehaviour[] = [
  {
    name: 'a compact block that pays its miner too much',
    verdict: 'ignored',
    messages: (scene) => [compact(onTip(scene, { tag: 1, fees: 1n }))],
  },
  {
    name: 'a compact block without proof of work',
    verdict: 'discouraged',
    messages: (scene) => {
      const { version, prevHash, merkleRoot, time, bits } = onTip(scene, { tag: 2 }).header;
      const spoilt = header(scene.tip, { version, prevHash, merkleRoot, time, bits }, false);
      return [compact(new Block(spoilt, onTip(scene, { tag: 2 }).transactions))];
    },
  },
  {
    name: 'a compact block on an unknown parent',
    verdict: 'ignored',
    messages: ({ tip }) => [compact(mineBlock({ hash: unknown, height: tip.height, time: tip.time, bits: tip.bits }))],
  },
  {
    name: 'a compact block of little work',
    verdict: 'ignored',
    messages: ({ tip }) => [compact(mineBlock(tip.ancestor(1)!, { tag: 3 }))],
  },
  {
    name: 'a compact block without transactions',
    verdict: 'discouraged',
    messages: (scene) => [compact(onTip(scene, { tag: 4 }), { prefilled: [] })],
  },
  {
    name: 'a compact block that prefills what is beyond its end',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = onTip(scene, { tag: 5 });
      return [compact(block, { prefilled: [{ index: 1, tx: block.transactions[0]! }] })];
    },
  },
  {
    name: 'a compact block with two equal short ids',
    verdict: 'ignored',
    messages: (scene) => [compact(unheardOf(scene, 6), { shortIds: [9, 9] })],
  },
  {
    name: 'compact blocks whose transactions never come',
    verdict: 'ignored',
    messages: (scene) => Array.from({ length: 20 }, (_, i) => compact(unheardOf(scene, 100 + i))),
  },
  {
    name: 'fewer transactions of a block than asked for',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = unheardOf(scene, 8);
      return [compact(block), wellFormed('blocktxn', { blockHash: block.hash, transactions: [] })];
    },
  },
  {
    name: 'another transaction of a block than asked for',
    verdict: 'ignored',
    messages: (scene) => {
      const block = unheardOf(scene, 9);
      return [compact(block), wellFormed('blocktxn', { blockHash: block.hash, transactions: [spending(scene)] })];
    },
  },
  {
    name: 'another transaction of a block than asked for, twice',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = unheardOf(scene, 10);
      const wrong = wellFormed('blocktxn', { blockHash: block.hash, transactions: [spending(scene)] });
      return [compact(block), wrong, wrong];
    },
  },
  {
    name: 'transactions of blocks that nobody asked for',
    verdict: 'ignored',
    messages: (scene) =>
      [unknown, scene.tip.hash].map((blockHash) =>
        wellFormed('blocktxn', { blockHash, transactions: [spending(scene)] }),
      ),
  },
  {
    name: 'a question for transactions beyond the end of a block',
    verdict: 'discouraged',
    messages: ({ tip }) => [wellFormed('getblocktxn', { blockHash: tip.hash, indexes: [0, 60_000] })],
  },
  {
    name: 'questions for transactions of an unknown block, and with places that no number holds',
    verdict: 'ignored',
    messages: ({ tip }) => [
      wellFormed('getblocktxn', { blockHash: unknown, indexes: [0] }),
      raw('getblocktxn', concatBytes(tip.hash, fromHex('02fdfffffdffff'))),
    ],
  },
];
