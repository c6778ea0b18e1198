import type { mempoolsEn } from './en-mempools.ts';

/** What the view of the mempools says, in Chinese. */
export const mempoolsZh: typeof mempoolsEn = {
  title: '内存池',
  help: '交易相同的节点归在一起。每个方块是一笔交易：面积表示大小，颜色越深费率越高。矿工优先打包费率最高的交易。',
  empty: '空。',
  none: '没有带内存池的节点在运行。',
  next: '下一个区块',
  later: '第 {0} 个区块',
  content: '{0} 笔交易，{1} vB',
  rates: '{0} 至 {1} sat/vB',
  moreBlocks: '另有 {0} 个区块未显示。',
  moreGroups: '另有 {0} 个内存池未显示。',
  histogram: '按费率（sat/vB）统计的虚拟字节',
  bucket: '{0} sat/vB 起：{1} vB',
  matrix: '各节点知道哪些交易',
  matrixHelp: '每行是一笔交易，每列是一个节点。方块颜色越浅，交易到达越晚；空框表示尚未到达。',
  order: '排序',
  orders: { newest: '最新优先', rate: '费率最高优先' },
  transaction: '交易',
  holders: '{0}／{1}',
  confirmed: '已确认，高度 {0}',
  left: '共 {1} 笔交易，显示其中 {0} 笔。',
  forgotten: '交易太多，有 {0} 笔没有保留，此处缺失。',
};
