import { defineLesson } from '../model/lesson/format.ts';
import { labels } from './labels.ts';
import {
  blockFact,
  confirmationsOf,
  confirmed,
  findPayer,
  fund,
  inMempool,
  ownWallet,
  type Payer,
  pay,
  paymentFact,
  tipFacts,
  type WalletTransaction,
} from './payments.ts';

type Part = 'wallet' | 'miner';

interface Kept {
  readonly payer: Payer;
  readonly payment: string;
  /** Block on the wallet's side, which loses. */
  readonly lost: string;
  /** Last block on the miner's side, which wins. */
  readonly won: string;
}

/** How a network that is cut in two gets two chains, and how it agrees on one again. */
export const fork = defineLesson<Part, Kept>({
  id: 'fork',
  title: { en: 'A fork, and how it ends', zh: '分叉及其结局' },
  summary: {
    en: 'The network is cut in two, and each side finds a block of its own. Once it is whole again, one branch wins.',
    zh: '网络被一分为二，两边各自挖出区块。网络恢复之后，其中一条分支胜出。',
  },
  cast: { wallet: 'wallet', miner: 'miner' },
  prepare: async (scene) => {
    await scene.control('mining', { mode: 'manual' });
    const payer = await findPayer(scene, 'wallet');
    await fund(scene, 'wallet', payer, 1);
    scene.keep({ payer });
  },
  steps: [
    {
      title: { en: 'One network, one chain', zh: '一个网络，一条链' },
      text: {
        en: 'All nodes stand on the same block. In the tree, every name is beside one tip.',
        zh: '所有节点都站在同一个区块上。在区块树中，所有名字都在同一个链尖旁。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      verify: async (scene) => {
        const { bestblockhash } = await scene.tip('miner');
        await scene.tipAt('wallet', bestblockhash);
        return [...(await tipFacts(scene, 'wallet')), ...(await tipFacts(scene, 'miner'))];
      },
    },
    {
      title: { en: 'The network is cut in two', zh: '网络被一分为二' },
      text: {
        en: 'The miner {miner} is cut off from all other nodes. Neither side can tell: both go on with what they have.',
        zh: '矿工节点{miner}与其他所有节点断开。两边都无从得知，只能凭手头的信息继续运行。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage'] },
      act: async (scene) => {
        await scene.control('partition', { groups: [[scene.node('miner')]] });
      },
      verify: async (scene) => {
        const what = { en: 'the miner has no peer', zh: '矿工没有对等节点' };
        await scene.until(what, async () => (await scene.rpc<unknown[]>('miner', 'getpeerinfo')).length === 0);
        const { links } = await scene.call('links');
        return [
          scene.fact('miner', labels.peers, 0),
          ...links
            .filter(({ isCut }) => isCut)
            .map(({ from, to }) => ({
              label: { en: 'cut link', zh: '被切断的链路' },
              value: `${from} ✕ ${to}`,
              opens: { view: 'link', id: from, to } as const,
            })),
        ];
      },
    },
    {
      title: { en: 'A payment is confirmed on one side', zh: '一笔付款在一边得到确认' },
      text: {
        en: 'On the side of the wallet node {wallet} a payment is made, and a block confirms it. The miner learns of neither.',
        zh: '在钱包节点{wallet}这一边，一笔付款被创建，并由一个区块确认。矿工对两者都一无所知。',
      },
      focus: { nodes: ['wallet'], views: ['stage', 'tree'] },
      act: async (scene) => {
        const payer = scene.kept('payer');
        const to = await scene.rpc<string>('wallet', 'getnewaddress', [], await ownWallet(scene, 'wallet'));
        const payment = await pay(scene, 'wallet', payer, to, '0.5');
        await inMempool(scene, 'wallet', payment);
        const { hashes } = await scene.control('mine', { blocks: 1, by: scene.node('wallet') });
        scene.keep({ payment, lost: hashes[0]! });
      },
      verify: async (scene) => {
        const payment = scene.kept('payment');
        const { confirmations, blockhash } = await confirmed(scene, 'wallet', scene.kept('payer'), payment);
        scene.check(blockhash === scene.kept('lost'), {
          en: 'The payment is in another block.',
          zh: '付款在另一个区块中。',
        });
        return [
          paymentFact(scene, 'wallet', payment),
          blockFact(scene, 'wallet', scene.kept('lost')),
          scene.fact('wallet', labels.confirmations, confirmations),
        ];
      },
    },
    {
      title: { en: 'The other side finds a block, too', zh: '另一边也挖出区块' },
      text: {
        en: 'The miner {miner} extends the same block as the other side did. Two blocks of one height: the chain has forked, and the tree has two branches.',
        zh: '矿工节点{miner}接着同一个区块继续挖。同一高度出现两个区块：链分叉了，区块树有了两条分支。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        await scene.control('mine', { blocks: 1, by: scene.node('miner') });
      },
      verify: async (scene) => {
        const [here, there] = await Promise.all([scene.tip('wallet'), scene.tip('miner')]);
        scene.check(here.bestblockhash !== there.bestblockhash && here.blocks === there.blocks, {
          en: 'The sides do not stand on two blocks of one height.',
          zh: '两边没有停在同一高度的两个不同区块上。',
        });
        return [...(await tipFacts(scene, 'wallet')), ...(await tipFacts(scene, 'miner'))];
      },
    },
    {
      title: { en: 'One branch gets ahead', zh: '一条分支领先' },
      text: {
        en: 'The miner finds another block: its branch has more work now. What counts is the work, not which block came first.',
        zh: '矿工又挖出一个区块：它的分支累积了更多工作量。起决定作用的是工作量，而不是哪个区块先出现。',
      },
      focus: { nodes: ['miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        const { hashes } = await scene.control('mine', { blocks: 1, by: scene.node('miner') });
        scene.keep({ won: hashes[0]! });
      },
      verify: async (scene) => {
        await scene.tipAt('miner', scene.kept('won'));
        return [...(await tipFacts(scene, 'miner')), ...(await tipFacts(scene, 'wallet'))];
      },
    },
    {
      title: { en: 'The network is whole again: a reorganisation', zh: '网络恢复：链重组' },
      text: {
        en: 'The links carry again. The other nodes learn of the branch with more work, disconnect their own block, and connect the two others. The block that has lost stays in the tree, on no chain.',
        zh: '链路恢复。其他节点得知工作量更大的分支，断开自己的区块，连接另外两个区块。落败的区块仍留在树中，但不在任何链上。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'diagram', 'tree'] },
      act: async (scene) => {
        await scene.control('heal', {});
      },
      verify: async (scene) => {
        await scene.tipAt('wallet', scene.kept('won'));
        const lost = await confirmationsOf(scene, 'wallet', scene.kept('lost'));
        scene.check(lost === -1, { en: 'The block is still on the chain.', zh: '该区块仍在链上。' });
        return [
          ...(await tipFacts(scene, 'wallet')),
          blockFact(scene, 'wallet', scene.kept('lost'), { en: 'block that has lost', zh: '落败的区块' }),
          scene.fact('wallet', { en: 'its confirmations', zh: '它的确认数' }, -1),
        ];
      },
    },
    {
      title: { en: 'The payment is unconfirmed again', zh: '付款重新变为未确认' },
      text: {
        en: 'Its block is on no chain any more: it has no confirmation, and waits in the mempools again. Another payment with the same coins could take its place now.',
        zh: '它所在的区块已不在任何链上：确认数归零，重新在内存池中等待。此时，花费同一笔币的另一笔付款可能取代它。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage'] },
      verify: async (scene) => {
        const payment = scene.kept('payment');
        for (const part of ['wallet', 'miner'] as const) await inMempool(scene, part, payment);
        const { wallet } = scene.kept('payer');
        const { confirmations } = await scene.rpc<WalletTransaction>('wallet', 'gettransaction', [payment], wallet);
        scene.check(confirmations === 0, { en: 'The payment is still confirmed.', zh: '付款仍处于已确认状态。' });
        return [paymentFact(scene, 'wallet', payment), scene.fact('wallet', labels.confirmations, confirmations)];
      },
    },
    {
      title: { en: 'The next block confirms it', zh: '下一个区块确认付款' },
      text: {
        en: 'The miner {miner} has the payment now, and its next block contains it. Since both sides agree, it is confirmed for all.',
        zh: '矿工节点{miner}现在有了这笔付款，它的下一个区块包含这笔付款。两边已达成一致，因此对所有节点都已确认。',
      },
      focus: { nodes: ['wallet', 'miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        await scene.control('mine', { blocks: 1, by: scene.node('miner') });
      },
      verify: async (scene) => {
        const payment = scene.kept('payment');
        const { confirmations, blockhash } = await confirmed(scene, 'wallet', scene.kept('payer'), payment);
        scene.check(blockhash !== scene.kept('lost'), {
          en: 'The payment is still in the block that has lost.',
          zh: '付款仍在落败的区块中。',
        });
        return [
          paymentFact(scene, 'wallet', payment),
          blockFact(scene, 'wallet', blockhash!),
          scene.fact('wallet', labels.confirmations, confirmations),
        ];
      },
    },
  ],
});
