import type { Both } from '../model/lesson/format.ts';

/** Labels of facts that several lessons show. */
export const labels = {
  height: { en: 'height', zh: '高度' },
  bestBlock: { en: 'best block', zh: '最佳区块' },
  block: { en: 'block', zh: '区块' },
  payment: { en: 'payment', zh: '付款' },
  confirmations: { en: 'confirmations', zh: '确认数' },
  balance: { en: 'balance', zh: '余额' },
  spendable: { en: 'spendable', zh: '可用余额' },
  peers: { en: 'peers', zh: '对等节点' },
  bytesReceived: { en: 'bytes received', zh: '收到的字节数' },
  inMempool: { en: 'in its mempool', zh: '在其内存池中' },
  transactions: { en: 'transactions, with the coinbase', zh: '交易数（含 coinbase 交易）' },
} as const satisfies Record<string, Both>;
