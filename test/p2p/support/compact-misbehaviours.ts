import { concatBytes } from '../../../src/bytes/compare.ts';
import { fromHex } from '../../../src/bytes/hex.ts';
import { toCompactBlock } from '../../../src/p2p/blocks/compact/compact-block.ts';
import type { CmpctBlockMessage } from '../../../src/p2p/wire/messages/cmpctblock.ts';
import { Block } from '../../../src/primitives/block.ts';
import { mineBlock } from '../../chain/support/builder.ts';
import { blockOnTip, header, type Misbehaviour, type Scene, spendCoin } from './misbehaviours.ts';
import { raw, wellFormed } from './raw-message.ts';

const NONCE = 7n;
const unknown = new Uint8Array(32).fill(0x5e);

const compact = (block: Block, changed: Partial<CmpctBlockMessage> = {}) =>
  wellFormed('cmpctblock', { ...toCompactBlock(block, NONCE), ...changed });

/** A block on the tip with an unknown transaction; `tag` makes it unique. */
const withUnknownTx = (scene: Scene, tag: number) => blockOnTip(scene, { tag, transactions: [spendCoin(scene)] });

/** Misbehaviours with BIP152 messages. */
export const compactMisbehaviours: readonly Misbehaviour[] = [
  {
    name: 'a compact block with an excessive coinbase value',
    verdict: 'ignored',
    messages: (scene) => [compact(blockOnTip(scene, { tag: 1, fees: 1n }))],
  },
  {
    name: 'a compact block without proof of work',
    verdict: 'discouraged',
    messages: (scene) => {
      const { version, prevHash, merkleRoot, time, bits } = blockOnTip(scene, { tag: 2 }).header;
      const workless = header(scene.tip, { version, prevHash, merkleRoot, time, bits }, false);
      return [compact(new Block(workless, blockOnTip(scene, { tag: 2 }).transactions))];
    },
  },
  {
    name: 'a compact block on an unknown parent',
    verdict: 'ignored',
    messages: ({ tip }) => [compact(mineBlock({ hash: unknown, height: tip.height, time: tip.time, bits: tip.bits }))],
  },
  {
    name: 'a low-work compact block',
    verdict: 'ignored',
    messages: ({ tip }) => [compact(mineBlock(tip.ancestor(1)!, { tag: 3 }))],
  },
  {
    name: 'a compact block without transactions',
    verdict: 'discouraged',
    messages: (scene) => [compact(blockOnTip(scene, { tag: 4 }), { prefilled: [] })],
  },
  {
    name: 'a compact block with a prefilled index out of bounds',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = blockOnTip(scene, { tag: 5 });
      return [compact(block, { prefilled: [{ index: 1, tx: block.transactions[0]! }] })];
    },
  },
  {
    name: 'a compact block with two equal short ids',
    verdict: 'ignored',
    messages: (scene) => [compact(withUnknownTx(scene, 6), { shortIds: [9, 9] })],
  },
  {
    name: 'compact blocks without their missing transactions',
    verdict: 'ignored',
    messages: (scene) => Array.from({ length: 20 }, (_, i) => compact(withUnknownTx(scene, 100 + i))),
  },
  {
    name: 'blocktxn with too few transactions',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = withUnknownTx(scene, 8);
      return [compact(block), wellFormed('blocktxn', { blockHash: block.hash, transactions: [] })];
    },
  },
  {
    name: 'blocktxn with a wrong transaction',
    verdict: 'ignored',
    messages: (scene) => {
      const block = withUnknownTx(scene, 9);
      return [compact(block), wellFormed('blocktxn', { blockHash: block.hash, transactions: [spendCoin(scene)] })];
    },
  },
  {
    name: 'blocktxn with a wrong transaction, twice',
    verdict: 'discouraged',
    messages: (scene) => {
      const block = withUnknownTx(scene, 10);
      const wrong = wellFormed('blocktxn', { blockHash: block.hash, transactions: [spendCoin(scene)] });
      return [compact(block), wrong, wrong];
    },
  },
  {
    name: 'unrequested blocktxn',
    verdict: 'ignored',
    messages: (scene) =>
      [unknown, scene.tip.hash].map((blockHash) =>
        wellFormed('blocktxn', { blockHash, transactions: [spendCoin(scene)] }),
      ),
  },
  {
    name: 'getblocktxn with an index out of bounds',
    verdict: 'discouraged',
    messages: ({ tip }) => [wellFormed('getblocktxn', { blockHash: tip.hash, indexes: [0, 60_000] })],
  },
  {
    name: 'getblocktxn for an unknown block, and with indexes that overflow',
    verdict: 'ignored',
    messages: ({ tip }) => [
      wellFormed('getblocktxn', { blockHash: unknown, indexes: [0] }),
      raw('getblocktxn', concatBytes(tip.hash, fromHex('02fdfffffdffff'))),
    ],
  },
];
