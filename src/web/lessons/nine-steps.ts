import { defineLesson, type Fact } from '../model/lesson/format.ts';
import type { Scene } from '../model/lesson/scene.ts';
import { labels } from './labels.ts';
import {
  blockFact,
  blockWith,
  confirmed,
  findPayer,
  fund,
  inChain,
  inMempool,
  ownWallet,
  type Payer,
  pay,
  paymentFact,
  tipFacts,
} from './payments.ts';

type Part = 'central' | 'wallet' | 'miner' | 'light';

interface Kept {
  readonly payer: Payer;
  /** What the two payments go to: an account or an address of the wallet node, and one of the light node. */
  readonly payees: readonly [string | number, string | number];
  /** Height at which the other nodes were stopped. */
  readonly height: number;
  readonly payments: readonly string[];
  readonly block: string;
}

/** Blocks that the central node mines while the others are stopped. */
const MISSED_BLOCKS = 3;
/** Bitcoins of the two payments. */
const AMOUNTS = ['1.5', '0.5'] as const;

/** The way of two payments through a network, from the first block to a proof on a light node. */
export const nineSteps = defineLesson<Part, Kept>({
  id: 'nine-steps',
  title: { en: 'Nine steps of a payment', zh: '一笔付款的九个步骤' },
  summary: {
    en: 'Nodes start one after the other, two payments are made, mined and confirmed; in a tenth step a light node verifies them.',
    zh: '节点依次启动，两笔付款被创建、打包并得到确认；第十步，轻节点在没有区块链的情况下验证付款。',
  },
  cast: { central: 'central', wallet: 'wallet', miner: 'miner', light: 'light' },
  prepare: async (scene) => {
    const payer = await findPayer(scene, 'wallet');
    const { accounts } = await scene.call('accounts');
    const own = accounts.filter(({ node }) => node === scene.node('wallet'));
    const payee = own[1] ?? own[0];
    // A light node finds payments to its own wallet: it may be the payee's, restored there.
    const wallet = await ownWallet(scene, 'light');
    const isPayees = payee !== undefined && (await isMine(scene, wallet, payee.keys.bech32.address));
    const address = isPayees ? payee.index : await scene.rpc<string>('light', 'getnewaddress', [], wallet);
    const { blocks: height } = await scene.tip('central');
    scene.keep({ payer, payees: [payee?.index ?? address, address], height });
    await scene.control('mining', { mode: 'manual' });
    for (const part of ['light', 'miner', 'wallet'] as const) await scene.control('stop', { node: scene.node(part) });
    await scene.control('mine', { blocks: MISSED_BLOCKS, by: scene.node('central') });
  },
  steps: [
    {
      title: { en: 'The central node has a blockchain', zh: '中心节点拥有区块链' },
      text: {
        en: 'The other nodes of this lesson are stopped. The central node {central} mines three blocks: each block names the hash of the block before it, back to the genesis block.',
        zh: '本课的其他节点已停止。中心节点{central}挖出三个区块：每个区块都记录前一个区块的哈希，一直追溯到创世区块。',
      },
      focus: { nodes: ['central'], views: ['stage', 'tree'] },
      verify: async (scene) => {
        const { blocks } = await scene.tip('central');
        scene.check(blocks >= scene.kept('height') + MISSED_BLOCKS, {
          en: 'The central node has not mined the blocks.',
          zh: '中心节点没有挖出这些区块。',
        });
        return tipFacts(scene, 'central');
      },
    },
    {
      title: { en: 'The wallet node starts and downloads', zh: '钱包节点启动并下载区块' },
      text: {
        en: 'The wallet node {wallet} connects to the central node {central}, asks for headers after its own tip, and downloads the blocks that it lacks. It checks every block itself.',
        zh: '钱包节点{wallet}连接中心节点{central}，请求自己链尖之后的区块头，再下载缺少的区块，并亲自验证每一个区块。',
      },
      focus: { nodes: ['central', 'wallet'], views: ['stage', 'diagram'] },
      act: (scene) => start(scene, 'wallet'),
      verify: (scene) => downloaded(scene, 'wallet'),
    },
    {
      title: { en: 'The miner node starts and downloads', zh: '矿工节点启动并下载区块' },
      text: {
        en: 'The miner {miner} needs the whole chain, too: a block that it mines must extend the tip, and contain only payments whose coins exist.',
        zh: '矿工节点{miner}同样需要整条链：它挖出的区块必须接在链尖之后，而且只能包含花费真实存在的币的付款。',
      },
      focus: { nodes: ['central', 'miner'], views: ['stage', 'diagram'] },
      act: (scene) => start(scene, 'miner'),
      verify: (scene) => downloaded(scene, 'miner'),
    },
    {
      title: { en: 'The wallet creates two payments', zh: '钱包创建两笔付款' },
      text: {
        en: 'The wallet chooses coins of its own, signs two transactions, and its node {wallet} announces them to its peers. They have no confirmation yet.',
        zh: '钱包选择自己的币，签名两笔交易，由所在节点{wallet}向对等节点公告。它们还没有任何确认。',
      },
      focus: { nodes: ['wallet'], views: ['stage', 'diagram'] },
      act: async (scene) => {
        const payer = scene.kept('payer');
        await fund(scene, 'wallet', payer, 3);
        const payments: string[] = [];
        for (const [i, to] of scene.kept('payees').entries()) {
          const txid = await pay(scene, 'wallet', payer, to, AMOUNTS[i]!);
          payments.push(txid);
          // The second may spend the change of the first.
          await inMempool(scene, 'miner', txid);
        }
        scene.keep({ payments });
      },
      verify: async (scene) => {
        const facts: Fact[] = [];
        for (const txid of scene.kept('payments')) {
          await inMempool(scene, 'wallet', txid);
          facts.push(paymentFact(scene, 'wallet', txid));
        }
        const { wallet } = scene.kept('payer');
        const balance = await scene.rpc<number>('wallet', 'getbalance', [], wallet);
        return [...facts, scene.fact('wallet', labels.spendable, `${balance} BTC`)];
      },
    },
    {
      title: { en: 'The miner receives the payments', zh: '矿工收到付款' },
      text: {
        en: 'Each node that receives a transaction checks its signatures and coins, keeps it in its mempool, and announces it further. The miner {miner} now has both.',
        zh: '每个收到交易的节点都会检查签名和所花费的币，把交易放入自己的内存池，再继续公告。矿工节点{miner}现在两笔都有了。',
      },
      focus: { nodes: ['wallet', 'central', 'miner'], views: ['stage', 'diagram'] },
      verify: async (scene) => {
        for (const txid of scene.kept('payments')) await inMempool(scene, 'miner', txid);
        const mempool = await scene.rpc<string[]>('miner', 'getrawmempool');
        return [
          ...scene.kept('payments').map((txid) => paymentFact(scene, 'miner', txid)),
          scene.fact('miner', labels.inMempool, mempool.length),
        ];
      },
    },
    {
      title: { en: 'The threshold is reached: the miner mines a block', zh: '达到阈值：矿工挖出一个区块' },
      text: {
        en: 'From two waiting transactions on, the miner {miner} searches: it varies the nonce until the hash of the block header is below the target. Then both payments are in a block.',
        zh: '等待的交易达到两笔，矿工节点{miner}就开始寻找：不断改变随机数，直到区块头的哈希低于目标值。两笔付款由此进入区块。',
      },
      focus: { nodes: ['miner'], views: ['stage', 'tree'] },
      act: async (scene) => {
        const { nodes } = await scene.call('status');
        const miner = scene.node('miner');
        // By itself, the network mines on a node with that role.
        if (nodes.some(({ name, role }) => name === miner && role === 'miner')) {
          await scene.control('mining', { mode: { transactions: AMOUNTS.length } });
        } else {
          await scene.control('mine', { blocks: 1, by: miner });
        }
      },
      verify: async (scene) => {
        const what = { en: 'the miner finds a block with the payments', zh: '矿工找到包含这些付款的区块' };
        const block = await scene.until(what, () => blockWith(scene, 'miner', scene.kept('payments')));
        await scene.call('mining', { mode: 'manual' });
        scene.keep({ block: block.hash });
        return [
          blockFact(scene, 'miner', block.hash),
          scene.fact('miner', labels.height, block.height),
          scene.fact('miner', labels.transactions, block.tx.length),
          scene.fact('miner', { en: 'nonce', zh: '随机数' }, block.nonce),
        ];
      },
    },
    {
      title: { en: 'The central node connects the block', zh: '中心节点连接该区块' },
      text: {
        en: 'The miner {miner} announces the block. The central node {central} checks its proof of work and all its transactions, and connects it to its chain.',
        zh: '矿工节点{miner}公告区块。中心节点{central}检查工作量证明和其中的所有交易，然后把它连接到自己的链上。',
      },
      focus: { nodes: ['miner', 'central'], views: ['stage', 'diagram', 'tree'] },
      verify: (scene) => connected(scene, 'central'),
    },
    {
      title: { en: 'The wallet node connects the block', zh: '钱包节点连接该区块' },
      text: {
        en: 'The central node {central} passes the block on. The wallet node {wallet} checks it again by itself: it trusts no peer.',
        zh: '中心节点{central}把区块转发出去。钱包节点{wallet}自己再检查一遍：它不信任任何对等节点。',
      },
      focus: { nodes: ['central', 'wallet'], views: ['stage', 'diagram', 'tree'] },
      verify: (scene) => connected(scene, 'wallet'),
    },
    {
      title: { en: 'The wallet shows the payments as confirmed', zh: '钱包显示付款已确认' },
      text: {
        en: 'The block that contains the payments is on the best chain: one confirmation. Each further block adds one.',
        zh: '包含付款的区块位于最佳链上：一个确认。之后每多一个区块，就多一个确认。',
      },
      focus: { nodes: ['wallet'], views: ['stage', 'tree'] },
      verify: async (scene) => {
        const facts: Fact[] = [];
        for (const txid of scene.kept('payments')) {
          const { confirmations, blockhash } = await confirmed(scene, 'wallet', scene.kept('payer'), txid);
          scene.check(blockhash === scene.kept('block'), {
            en: `Payment ${txid} is in another block.`,
            zh: `付款 ${txid} 在另一个区块中。`,
          });
          facts.push(paymentFact(scene, 'wallet', txid), scene.fact('wallet', labels.confirmations, confirmations));
        }
        return facts;
      },
    },
    {
      title: { en: 'The light node verifies without the blockchain', zh: '轻节点无需区块链即可验证' },
      text: {
        en: 'The light node {light} downloads headers and filters only. A merkle branch leads from the payment to the merkle root in a block header: that proves the payment.',
        zh: '轻节点{light}只下载区块头和过滤器。默克尔分支从付款一直连到区块头中的默克尔根：这就证明了付款。',
      },
      focus: { nodes: ['light'], views: ['stage', 'diagram'] },
      act: (scene) => start(scene, 'light'),
      verify: verified,
    },
  ],
});

async function start(scene: Scene<Part, Kept>, part: Part): Promise<void> {
  await scene.control('start', { node: scene.node(part) });
}

async function isMine(scene: Scene<Part, Kept>, wallet: string, address: string): Promise<boolean> {
  return (await scene.rpc<{ ismine: boolean }>('light', 'getaddressinfo', [address], wallet)).ismine;
}

/** Waits until a node has the chain of the central node. */
async function downloaded(scene: Scene<Part, Kept>, part: Part): Promise<readonly Fact[]> {
  const { bestblockhash } = await scene.tip('central');
  await inChain(scene, part, bestblockhash);
  const peers = await scene.rpc<{ bytesrecv: number }[]>(part, 'getpeerinfo');
  scene.check(peers.length > 0, {
    en: `${scene.node(part)} has no peer.`,
    zh: `${scene.node(part)} 没有对等节点。`,
  });
  return [
    ...(await tipFacts(scene, part)),
    scene.fact(part, labels.peers, peers.length),
    scene.fact(
      part,
      labels.bytesReceived,
      peers.reduce((sum, { bytesrecv }) => sum + bytesrecv, 0),
    ),
  ];
}

/** Waits until a node has connected the block with the payments. */
async function connected(scene: Scene<Part, Kept>, part: Part): Promise<readonly Fact[]> {
  const hash = scene.kept('block');
  const depth = await inChain(scene, part, hash);
  return [blockFact(scene, part, hash), scene.fact(part, labels.confirmations, depth)];
}

/** What is read of the results of `getlightinfo` and `getpaymentproof`. */
interface LightInfo {
  readonly headers: number;
  readonly scanned: number;
  readonly filters: number;
  readonly blocks: number;
  readonly bytesreceived: number;
}
interface PaymentProof {
  readonly blockhash: string;
  readonly branch: readonly string[];
}

/** Waits until the light node has proofs of the payments to its wallet. */
async function verified(scene: Scene<Part, Kept>): Promise<readonly Fact[]> {
  const block = scene.kept('block');
  await inChain(scene, 'light', block);
  const [first, own] = scene.kept('payees');
  const all = scene.kept('payments');
  const facts: Fact[] = [];
  for (const txid of first === own ? all : all.slice(1)) {
    const what = { en: `the light node has a proof of …${txid.slice(-4)}`, zh: `轻节点取得 …${txid.slice(-4)} 的证明` };
    const proof = await scene.until(what, () =>
      // An error says that there is none yet.
      scene.rpc<PaymentProof>('light', 'getpaymentproof', [txid]).catch((error: { code?: string }) => {
        if (error.code === 'disconnected') throw error;
        return undefined;
      }),
    );
    scene.check(proof.blockhash === block, {
      en: `The proof of payment ${txid} is for another block.`,
      zh: `付款 ${txid} 的证明属于另一个区块。`,
    });
    facts.push(
      paymentFact(scene, 'light', txid),
      scene.fact('light', { en: 'hashes in its merkle branch', zh: '默克尔分支中的哈希数' }, proof.branch.length),
    );
  }
  const info = await scene.rpc<LightInfo>('light', 'getlightinfo');
  return [
    ...facts,
    scene.fact('light', { en: 'headers', zh: '区块头' }, info.headers),
    scene.fact('light', { en: 'filters downloaded since its start', zh: '启动以来下载的过滤器' }, info.filters),
    scene.fact('light', { en: 'blocks downloaded since its start', zh: '启动以来下载的区块' }, info.blocks),
    scene.fact('light', labels.bytesReceived, info.bytesreceived),
  ];
}
