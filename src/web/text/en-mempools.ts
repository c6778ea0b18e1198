/** What the view of the mempools says, in English. */
export const mempoolsEn = {
  title: 'Mempools',
  help: 'Nodes with the same transactions are together. Each square is a transaction: its area is its size, and it is stronger the higher its fee rate is. A miner takes the best fee rates first.',
  empty: 'Empty.',
  none: 'No node with a mempool runs.',
  next: 'Next block',
  later: 'Block {0}',
  content: '{0} transactions, {1} vB',
  rates: '{0} to {1} sat/vB',
  moreBlocks: '{0} more blocks are not shown.',
  moreGroups: '{0} other mempools are not shown.',
  histogram: 'Virtual bytes by fee rate (sat/vB)',
  bucket: 'from {0} sat/vB: {1} vB',
  matrix: 'Which node knows which transaction',
  matrixHelp:
    'A row is a transaction, a column is a node. The fainter a square, the later the transaction came; an empty one: it has not come.',
  order: 'Order',
  orders: { newest: 'newest first', rate: 'best fee rate first' },
  transaction: 'Transaction',
  holders: '{0} of {1}',
  left: '{0} of {1} transactions are shown.',
  forgotten: '{0} transactions were too many to be kept: they are missing here.',
};
