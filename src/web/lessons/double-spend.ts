import { defineLesson, type Fact } from '../model/lesson/format.ts';
import type { Scene } from '../model/lesson/scene.ts';
import { labels } from './labels.ts';
import {
  blockFact,
  confirmationsOf,
  confirmed,
  fund,
  inChain,
  inMempool,
  type Payer,
  paymentFact,
  type WalletTransaction,
} from './payments.ts';

type Part = 'wallet' | 'miner';

interface Kept {
  readonly payer: Payer & { readonly account: number };
  /** Account that is paid. */
  readonly shop: number;
  /** The payment to the shop, and the one with the same coins that pays them back. */
  readonly payment: string;
  readonly conflict: string;
  /** A second payment to the shop, and the block that confirms it. */
  readonly second: string;
  readonly block: string;
}

/** How a payment without confirmations can be replaced, and what confirmations are worth. */
export const doubleSpend = defineLesson<Part, Kept>({
  id: 'double-spend',
  title: { en: 'Double spends and confirmations', zh: '双重支付与确认' },
  summary: {
    en: 'A payment that no block contains is replaced by another one with the same coins. Confirmations protect against it, each by the work of a block.',
    zh: '尚未进入区块的付款被花费同一笔币的另一笔付款取代。确认可以防止这种情况：每个确认都是一个区块的工作量。',
  },
  cast: { wallet: 'payer', miner: 'miner' },
  prepare: async (scene) => {
    const { accounts } = await scene.call('accounts');
    const payer = accounts.find(({ node }) => node === scene.node('wallet'))!;
    const shop = accounts.find(({ index }) => index !== payer.index)!;
    await scene.control('mining', { mode: 'manual' });
    const found = { wallet: payer.wallet, account: payer.index };
    await fund(scene, 'wallet', found, 2);
    scene.keep({ payer: found, shop: shop.index });
  },
  steps: [
    {
      title: { en: 'A payment to a shop', zh: '付款给商店' },
      text: {
        en: 'A customer pays a shop. The payment is in the mempools of all nodes, but in no block: it has no confirmation.',
        zh: '顾客付款给商店。付款已进入所有节点的内存池，但不在任何区块中：确认数为零。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'diagram'] },
      act: async (scene) => {
        scene.keep({ payment: await payShop(scene) });
      },
      verify: async (scene) => {
        const payment = scene.kept('payment');
        for (const part of ['wallet', 'miner'] as const) await inMempool(scene, part, payment);
        return [paymentFact(scene, 'miner', payment), await confirmationFact(scene, payment)];
      },
    },
    {
      title: { en: 'The same coins are spent again', zh: '同一笔币再次被花费' },
      text: {
        en: 'The customer signs a second transaction with the same coins, back to himself and with a higher fee. A mempool keeps only one of two conflicting transactions: every node replaces the first.',
        zh: '顾客用同一笔币签名第二笔交易，付回给自己，手续费更高。内存池只能保留冲突交易中的一笔：每个节点都替换了第一笔。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'diagram'] },
      act: async (scene) => {
        scene.keep({ conflict: (await scene.control('doublespend', { txid: scene.kept('payment') })).txid });
      },
      verify: async (scene) => {
        const facts: Fact[] = [];
        for (const part of ['wallet', 'miner'] as const) {
          await inMempool(scene, part, scene.kept('conflict'));
          const mempool = await scene.rpc<string[]>(part, 'getrawmempool');
          scene.check(!mempool.includes(scene.kept('payment')), {
            en: `${scene.node(part)} has both transactions.`,
            zh: `${scene.node(part)} 同时拥有两笔交易。`,
          });
          facts.push(
            transactionFact(scene, part, { en: 'in its mempool', zh: '在其内存池中' }, scene.kept('conflict')),
          );
        }
        return [...facts, transactionFact(scene, 'miner', { en: 'replaced', zh: '被取代' }, scene.kept('payment'))];
      },
    },
    {
      title: { en: 'A block decides', zh: '由区块决定' },
      text: {
        en: 'The miner {miner} can put only one of the two into a block. The shop has nothing: it should not have counted on a payment without confirmations.',
        zh: '矿工节点{miner}只能把两笔中的一笔放进区块。商店一无所获：不该指望没有确认的付款。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: (scene) => mine(scene, 1),
      verify: async (scene) => {
        const payer = scene.kept('payer');
        const { blockhash } = await confirmed(scene, 'wallet', payer, scene.kept('conflict'));
        const lost = await confirmationFact(scene, scene.kept('payment'));
        scene.check(Number(lost.value) < 0, {
          en: 'The first payment does not conflict with the block.',
          zh: '第一笔付款与该区块不冲突。',
        });
        return [
          blockFact(scene, 'wallet', blockhash!),
          transactionFact(scene, 'wallet', { en: 'confirmed', zh: '已确认' }, scene.kept('conflict')),
          transactionFact(scene, 'wallet', { en: 'replaced', zh: '被取代' }, scene.kept('payment')),
          lost,
        ];
      },
    },
    {
      title: { en: 'A payment with three confirmations', zh: '有三个确认的付款' },
      text: {
        en: 'The customer pays again, and this time the shop waits: one block contains the payment, and two more are mined on top of it.',
        zh: '顾客再次付款，这一次商店选择等待：一个区块包含这笔付款，其后又挖出两个区块。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        const second = await payShop(scene);
        await inMempool(scene, 'miner', second);
        scene.keep({ second });
        await mine(scene, 3);
      },
      verify: async (scene) => {
        const second = scene.kept('second');
        const { blockhash } = await confirmed(scene, 'wallet', scene.kept('payer'), second, 3);
        scene.keep({ block: blockhash! });
        return [
          paymentFact(scene, 'wallet', second),
          blockFact(scene, 'wallet', blockhash!),
          await confirmationFact(scene, second),
          scene.fact(
            'wallet',
            { en: 'expected hashes for these blocks', zh: '这些区块预期的哈希次数' },
            await work(scene),
          ),
        ];
      },
    },
    {
      title: { en: 'A reorganisation that is too short', zh: '深度不够的链重组' },
      text: {
        en: 'A rival miner replaces the last two blocks by a longer branch. The payment is deeper than that: it keeps its block.',
        zh: '竞争的矿工用一条更长的分支取代了最后两个区块。付款所在的区块更深，因此不受影响。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        await scene.control('reorg', { depth: 2, by: scene.node('miner') });
      },
      verify: async (scene) => {
        const depth = await inChain(scene, 'wallet', scene.kept('block'));
        scene.check(depth >= 4, { en: 'The branch is not longer.', zh: '分支没有变长。' });
        return [blockFact(scene, 'wallet', scene.kept('block')), await confirmationFact(scene, scene.kept('second'))];
      },
    },
    {
      title: { en: 'A reorganisation that is deep enough', zh: '深度足够的链重组' },
      text: {
        en: 'To undo the payment, all blocks from its own on must be mined again, and one more. That takes the work of all of them: the more confirmations, the dearer.',
        zh: '要撤销这笔付款，必须从它所在的区块开始全部重挖，再多挖一个。这需要所有这些区块的工作量：确认越多，代价越高。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        const depth = await inChain(scene, 'wallet', scene.kept('block'));
        await scene.control('reorg', { depth, by: scene.node('miner'), drop: [scene.kept('second')] });
      },
      verify: async (scene) => {
        const what = { en: 'the block has lost', zh: '该区块落败' };
        const block = scene.kept('block');
        await scene.until(what, async () => (await confirmationsOf(scene, 'wallet', block)) === -1);
        const fact = await confirmationFact(scene, scene.kept('second'));
        scene.check(fact.value === 0, { en: 'The payment is still confirmed.', zh: '付款仍处于已确认状态。' });
        return [blockFact(scene, 'wallet', block, { en: 'block that has lost', zh: '落败的区块' }), fact];
      },
    },
  ],
});

/** Pays the shop, and returns the id of the transaction. */
async function payShop(scene: Scene<Part, Kept>): Promise<string> {
  const from = scene.kept('payer').account;
  return (await scene.control('pay', { from, to: scene.kept('shop'), amount: '0.5' })).txid;
}

async function mine(scene: Scene<Part, Kept>, blocks: number): Promise<void> {
  await scene.control('mine', { blocks, by: scene.node('miner') });
}

/** Returns the confirmations that the payer's wallet counts. */
async function confirmationFact(scene: Scene<Part, Kept>, txid: string): Promise<Fact> {
  const { wallet } = scene.kept('payer');
  const { confirmations } = await scene.rpc<WalletTransaction>('wallet', 'gettransaction', [txid], wallet);
  return scene.fact('wallet', labels.confirmations, confirmations);
}

function transactionFact(scene: Scene<Part, Kept>, part: Part, label: Fact['label'], txid: string): Fact {
  return scene.fact(part, label, txid, { view: 'transaction', id: txid });
}

/** Returns how many hashes the blocks from the payment's on take on average. */
async function work(scene: Scene<Part, Kept>): Promise<string> {
  const header = (hash: string) =>
    scene.rpc<{ chainwork: string; previousblockhash: string }>('wallet', 'getblockheader', [hash]);
  const [{ bestblockhash }, { previousblockhash }] = await Promise.all([
    scene.tip('wallet'),
    header(scene.kept('block')),
  ]);
  const [top, bottom] = await Promise.all([header(bestblockhash), header(previousblockhash)]);
  return (BigInt(`0x${top.chainwork}`) - BigInt(`0x${bottom.chainwork}`)).toString();
}
