import type { TextTable } from '../texts.ts';

/** What payment proofs prove and do not prove, and their faults, in Chinese. */
export const paymentProofs: TextTable = {
  "the block header commits to the transaction's inputs and outputs": '区块头承诺了该交易的输入和输出',
  'the headers are linked, and each has the required difficulty and proof of work':
    '各区块头前后相连，且都有所要求的难度和工作量证明',
  'the transaction is a leaf of the merkle tree: it is as deep as the coinbase':
    '该交易是默克尔树的叶子：它与 coinbase 深度相同',
  "the transaction is valid (inputs exist, scripts succeed): inferred only from the miners' work":
    '该交易有效（输入存在，脚本成功）：只能由矿工的工作量推断',
  'no other chain has more work: the source of the headers may not know it or may withhold it':
    '没有工作量更大的链：区块头的来源可能不知道，或有意隐瞒',
  'the outputs are still unspent': '输出尚未被花费',
  'the signatures: a txid does not commit to the witness': '签名：交易编号不承诺见证数据',
  'the depth of the merkle tree: without the coinbase, the transaction may be forged (CVE-2017-12842)':
    '默克尔树的深度：没有 coinbase，该交易可能是伪造的 (CVE-2017-12842)',
  'the headers before the first one are valid: inferred only from your checkpoint':
    '第一个区块头之前的区块头有效：只能由你给出的检查点推断',
  "the block has the signature that the signet's challenge requires (BIP325)":
    '区块具有 signet 的 challenge 所要求的签名 (BIP325)',

  'there are no headers, or the last one is cut off ({0})': '没有区块头，或最后一个不完整（{0?}）',
  "the first header is not the network's genesis block ({0})": '第一个区块头不是该网络的创世区块（{0?}）',
  'the headers do not start at genesis, and no checkpoint is given for a start at this height ({0})':
    '区块头不是从创世区块开始，也没有给出从此高度开始所需的检查点（{0?}）',
  'the headers are not linked ({0})': '区块头前后不相连（{0?}）',
  'a header is invalid ({0})': '有无效的区块头（{0?}）',
  "the checkpoint's block is not among the headers ({0})": '检查点的区块不在这些区块头之中（{0?}）',
  "the headers have less than the network's minimum chain work ({0})": '区块头的工作量低于该网络的最低链工作量（{0?}）',
  'the proof is for another network ({0})': '该证明属于另一个网络（{0?}）',
  'the proof is for another transaction ({0})': '该证明针对另一笔交易（{0?}）',
  'the claimed block is not among the headers ({0})': '所称的区块不在这些区块头之中（{0?}）',
  "the merkle branch does not lead from the transaction to the block's merkle root ({0})":
    '默克尔分支不能从该交易通向区块的默克尔根（{0?}）',
  'the position does not fit the length of the merkle branch ({0})': '位置与默克尔分支的长度不符（{0?}）',
  'the position is that of a duplicated hash (CVE-2012-2459) ({0})': '该位置是重复哈希的位置 (CVE-2012-2459)（{0?}）',
  'a transaction of 64 bytes may be an inner node of the merkle tree (CVE-2017-12842) ({0})':
    '64 字节的交易可能是默克尔树的内部节点 (CVE-2017-12842)（{0?}）',
  "the block's first transaction must be the coinbase, and no other may be one ({0})":
    '区块的第一笔交易必须是 coinbase，且不能有其他 coinbase（{0?}）',
  'the transaction and the coinbase are at different depths: the transaction is not in the block ({0})':
    '该交易与 coinbase 深度不同：该交易不在区块中（{0?}）',
  'the merkle branch is invalid ({0})': '默克尔分支无效（{0?}）',
  '{0} bytes; a header has {1}': '{0} 字节；一个区块头有 {1} 字节',
  'the first header has height {0}': '第一个区块头的高度为 {0}',
  'block {0} is {1}': '区块 {0} 是 {1}',
  'no header at height {0}': '高度 {0} 没有区块头',
  '{0} expected hashes, minimum {1}': '预期哈希次数 {0}，最低 {1}',
  'header {0} ({1}) is not the genesis of {2}': '区块头 {0} ({1}) 不是 {2} 的创世区块',
  'header {0} ({1}) does not build on header {2}': '区块头 {0} ({1}) 不接在区块头 {2} 之后',
  'header {0} ({1}): {2}': '区块头 {0} ({1})：{2}',
  'height {0}; the last header has {1}': '高度 {0}；最后一个区块头的高度为 {1}',
  '{0} with genesis {1}, not {2} with genesis {3}': '{0}（创世区块 {1}），而不是 {2}（创世区块 {3}）',

  'standard input': '标准输入',
  'light node {0}': '轻节点 {0}',

  'merkle root mismatch': '默克尔根不符',
  'no block has position {0} at depth {1}': '深度为 {1} 的区块没有位置 {0}',
  'position {0} is that of a duplicate': '位置 {0} 是重复项的位置',
  'more nodes than bits': '节点多于标志位',
  'more nodes than hashes': '节点多于哈希',
  'equal siblings at height {0}': '高度 {0} 处的两个兄弟节点相同',
  'bits left after the tree': '树之后还有剩余的标志位',
  'hashes left after the tree': '树之后还有剩余的哈希',
  'a block without transactions': '区块没有交易',
  'a block of {0} transactions': '区块有 {0} 笔交易',
  '{0} hashes for {1} transactions': '{1} 笔交易有 {0} 个哈希',
  'fewer bits than hashes': '标志位少于哈希',
  'merkle branch of {0} hashes (at byte {1})': '默克尔分支有 {0} 个哈希（位于第 {1} 字节）',
  'the format is not pier-payment-proof, version {0}': '格式不是 pier-payment-proof 版本 {0}',
  'the proof': '证明',
  '{0} is not an object': '{0?} 不是对象',
  '{0} is not a string': '{0} 不是字符串',
  '{0} is not a 32-bit unsigned integer': '{0} 不是 32 位无符号整数',
  '{0} is not a hash of 32 bytes': '{0} 不是 32 字节的哈希',
  '{0} is not an array of at most {1} hashes': '{0} 不是最多含 {1} 个哈希的数组',
  'not a payment proof: {0}': '不是付款证明：{0?}',
  "Create one with 'pier verify TXID --export FILE'.": "用 'pier verify TXID --export FILE' 创建一份。",

  // Searches.
  'no node serves blocks at {0}: {1}': '{0} 上没有提供区块的节点：{1?}',
  'no node serves blocks at {0}: it does not serve blocks': '{0} 上没有提供区块的节点：它不提供区块',
  'no node serves blocks at any address: {0}': '任何地址上都没有提供区块的节点：{0?}',
  'no node serves blocks at any address: it does not serve blocks': '任何地址上都没有提供区块的节点：它们不提供区块',
  'Use --node HOST:PORT to name a running node that stores all blocks.':
    '请用 --node HOST:PORT 指定一个保存全部区块的运行中节点。',
  '{0} did not answer within {1} s': '{0} 在 {1} 秒内没有应答',
  'no node has sent a complete header chain': '没有节点发来完整的区块头链',
  'A node may be on another network, or on an invalid chain. Use --node HOST:PORT to name another one.':
    '节点可能属于另一个网络，或在无效的链上。请用 --node HOST:PORT 指定另一个节点。',
  'the best header chain received has less work than the minimum chainwork of {0}':
    '收到的最佳区块头链的工作量低于 {0} 的最低链工作量',
  'Use --node HOST:PORT to name another node.': '请用 --node HOST:PORT 指定另一个节点。',
  'Use --node HOST:PORT to name another node that stores all blocks.':
    '请用 --node HOST:PORT 指定另一个保存全部区块的节点。',
  'block {0} at height {1} does not contain the transaction': '高度 {1} 的区块 {0} 不包含该交易',
  '{0} cannot be searched for the block that contains the transaction': '无法在 {0} 上查找包含该交易的区块',
  'Add --address A with an address of the transaction, --block HASH or --block HEIGHT, or name a node that serves Bloom filters (pier startnode --peerbloomfilters).':
    '请用 --address A 给出该交易的一个地址，给出 --block HASH 或 --block HEIGHT，或指定一个提供布隆过滤器的节点 (pier startnode --peerbloomfilters)。',
  'Add --block HASH or --block HEIGHT, or name a node that serves Bloom filters (pier startnode --peerbloomfilters).':
    '请给出 --block HASH 或 --block HEIGHT，或指定一个提供布隆过滤器的节点 (pier startnode --peerbloomfilters)。',
  'no block from 0 to {0} contains the transaction: it is unconfirmed, or hidden by {1}':
    '0 至 {0} 的区块都不包含该交易：它尚未确认，或被 {1} 隐瞒',
  'Try again after the next block, or use --node HOST:PORT to name another node.':
    '请在下一个区块之后再试，或用 --node HOST:PORT 指定另一个节点。',
  'the block is not in the best chain, which has height {0}': '该区块不在最佳链上，最佳链的高度为 {0}',
  'no peer sent block {0} within {1} s': '{1} 秒内没有对等节点发来区块 {0}',
};
