import type { TextTable } from '../texts.ts';

/** Errors and hints about the files of nodes, their wallets, chains and connections, in Chinese. */
export const fileErrors: TextTable = {
  // Databases.
  '{0} is truncated': '{0} 不完整',
  '{0} is damaged: {1}': '{0} 已损坏：{1?}',
  'Restore the file from a backup, or move it away: the node then downloads the chain again from its peers.':
    '请用备份恢复该文件，或移走它：节点会重新从对等节点下载区块链。',
  'Move the file away: the light node then downloads its headers again.': '请移走该文件：轻节点会重新下载区块头。',
  'Restore the file from a backup, or move it away and restore each wallet from its words with `pier createwallet --restore`.':
    '请用备份恢复该文件；或移走它，再用 `pier createwallet --restore` 和助记词恢复各钱包。',
  'Rebuild all but headers and blocks with `pier reindexutxo`. If that fails: Restore the file from a backup, or move it away: the node then downloads the chain again from its peers.':
    '请用 `pier reindexutxo` 重建区块头和区块以外的内容。如果失败：请用备份恢复该文件，或移走它，节点会重新从对等节点下载区块链。',
  '{0} is an LMDB file of another program': '{0} 是另一个程序的 LMDB 文件',
  'Use another data directory, or move this file away.': '请使用另一个数据目录，或移走该文件。',
  '{0} was written by a newer release of Pier (format {1}, this release supports up to {2})':
    '{0} 由更新版本的 Pier 写入（格式 {1}，本版本最高支持 {2}）',
  'Update Pier, or use another data directory.': '请更新 Pier，或使用另一个数据目录。',
  '{0} holds a {1}, not a {2}': '{0} 中是{1?}，不是{2?}',
  'Check the file names in the data directory.': '请检查数据目录中的文件名。',
  'It belongs to a {0} node: start the node {1} --spv, or use another NODE_ID.':
    '它属于{0?}节点：启动该节点时请{1?} --spv，或使用另一个 NODE_ID。',
  '{0} belongs to network {1}, not to {2}': '{0} 属于网络 {1}，不属于 {2}',
  'The file that defines network {0} has changed: restore it, or use another data directory.':
    '定义网络 {0} 的文件已改变：请恢复它，或使用另一个数据目录。',
  'Use --network {0}, or another data directory.': '请使用 --network {0}，或另一个数据目录。',
  '{0} is in use by this process ({1})': '{0} 正被本进程 ({1}) 使用',
  'Close it first.': '请先关闭它。',
  '{0} is in use by process {1}': '{0} 正被进程 {1} 使用',
  "It may be pier up or pier startnode in another terminal: stop it ('pier down', or kill {0}), call its RPC, or choose another folder with --datadir.":
    "它可能是另一个终端里的 pier up 或 pier startnode：请停止它（'pier down'，或 kill {0}），调用它的 RPC，或用 --datadir 指定另一个目录。",
  'no database at {0}': '{0} 处没有数据库',
  'Create it first, or check the data directory and NODE_ID.': '请先创建它，或检查数据目录和 NODE_ID。',
  '{0} is a folder': '{0} 是目录',
  '{0} is a special file': '{0} 是特殊文件',
  'Use another data directory, or move it away.': '请使用另一个数据目录，或移走它。',
  '{0} is not a database of Pier': '{0} 不是 Pier 的数据库',
  'Check the disk': '请检查磁盘',
  'Free disk space': '请释放磁盘空间',
  'Raise the limit (ulimit -f)': '请提高上限 (ulimit -f)',
  '{0}, then restart the node. The file is as it was before this write.':
    '{0?}，然后重新启动节点。文件保持此次写入之前的状态。',
  '{0}, then start again. The file has not changed.': '{0?}，然后重新启动。文件没有改变。',
  '{0}-lock is not a regular file': '{0}-lock 不是普通文件',
  'Move it away. LMDB creates its lock file again.': '请移走它。LMDB 会重新创建锁文件。',
  'no space left on the disk': '磁盘空间已用尽',
  'no space left on the disk ({0} bytes free)': '磁盘空间已用尽（剩余 {0} 字节）',
  'the limit of file sizes is reached': '已达到文件大小的上限',
  'permission denied: {0}': '权限不足：{0}',
  'Check the owner and the permissions of {0} and of its folder.': '请检查 {0} 及其所在目录的所有者和权限。',
  'opening {0} failed: {1}': '打开 {0} 失败：{1?}',
  'writing {0} failed: {1}': '写入 {0} 失败：{1?}',
  'cannot open {0}: too many open files': '无法打开 {0}：打开的文件过多',
  'Raise the limit of open files (ulimit -n), or lower --max-connections.':
    '请提高打开文件数的上限 (ulimit -n)，或减小 --max-connections。',
  'cannot open {0}: {1}': '无法打开 {0}：{1}',
  'Check {0} and its disk.': '请检查 {0} 及其磁盘。',
  'its identity record cannot be read': '无法读取它的标识记录',
  'its identity record has a wrong checksum': '它的标识记录的校验和错误',
  'LMDB cannot open it ({0})': 'LMDB 无法打开它（{0}）',
  'the description of its content is missing': '缺少对其内容的描述',
  '{0} of its records do not match their checksums': '其中 {0} 条记录与校验和不符',
  'it has no content': '它没有内容',
  'its second page is not a meta page': '它的第二页不是元数据页',
  'its two meta pages contradict each other': '它的两个元数据页互相矛盾',
  'a record does not match its checksum': '有记录与校验和不符',

  // Chains.
  'too many blocks are queued': '排队的区块过多',
  'the chain is closed': '区块链已关闭',
  'the genesis block cannot be invalidated': '创世区块不能标记为无效',
  'the block database is corrupt: {0}': '区块数据库已损坏：{0?}',
  'Rebuild the UTXO set with `pier reindexutxo`, or delete the file to download the chain again.':
    '请用 `pier reindexutxo` 重建未花费输出集合，或删除该文件以重新下载区块链。',
  'the block database belongs to {0}, not to {1}': '区块数据库属于 {0}，不属于 {1}',
  'the block database belongs to a network with genesis {0}, not to {1}':
    '区块数据库属于创世区块为 {0} 的网络，不属于 {1}',
  'Start with the network it belongs to, or use another data directory for {0}.':
    '请以它所属的网络启动，或为 {0} 使用另一个数据目录。',
  'the undo data of block {0} is missing': '缺少区块 {0} 的撤销数据',
  'the body or undo data of block {0} is missing': '缺少区块 {0} 的内容或撤销数据',
  'the undo data of block {0} does not match it': '区块 {0} 的撤销数据与它不符',
  'block {0} is invalid ({1})': '区块 {0} 无效（{1}）',
  'stored block {0} is invalid ({1})': '已保存的区块 {0} 无效（{1}）',
  'the filter of block {0} is damaged': '区块 {0} 的过滤器已损坏',
  'the tip record is missing or damaged': '链尖的记录缺失或损坏',
  'the body of block {0} is missing': '缺少区块 {0} 的内容',
  'the header of block {0} does not match its hash': '区块 {0} 的区块头与其哈希不符',
  '{0} cannot be decoded': '{0?} 无法解码',
  'block {0}': '区块 {0}',
  'the undo data of block {0}': '区块 {0} 的撤销数据',
  'it has format {0}; this version reads format {1}': '它的格式为 {0}；本版本读取格式 {1}',
  'the key of a header is damaged': '某个区块头的键已损坏',
  'block {0} has no parent': '区块 {0} 没有前一个区块',
  'the header of block {0} cannot be decoded': '区块 {0} 的区块头无法解码',
  'its tip is unknown or incomplete': '它的链尖未知或不完整',
  'a coin cannot be decoded': '有未花费输出无法解码',
  'the stored headers are corrupt: {0}': '已保存的区块头已损坏：{0?}',
  "Delete the light node's blockchain_<NODE_ID>.db. The node downloads its headers again.":
    '请删除轻节点的 blockchain_<NODE_ID>.db。节点会重新下载区块头。',
  'the stored headers belong to another network than {0}': '已保存的区块头不属于 {0}',
  'format {0}; this version of Pier reads format {1}': '格式 {0}；本版本的 Pier 读取格式 {1}',
  'the last header is not the tip': '最后一个区块头不是链尖',
  'more filter headers than block headers': '过滤器头多于区块头',
  'the first header is not genesis': '第一个区块头不是创世区块',
  'unreadable payment proof': '付款证明无法读取',
  'missing records': '缺少记录',
  'mempool.dat version {0} is not supported': '不支持版本为 {0} 的 mempool.dat',
  'mempool file {0} cannot be read: {1}': '无法读取内存池文件 {0}：{1?}',
  'Delete the file: the mempool fills again from peers, and wallets offer their own transactions again.':
    '请删除该文件：内存池会重新从对等节点填充，钱包会重新提供自己的交易。',

  // Network files.
  'cannot use network file {0}: {1}': '无法使用网络文件 {0}：{1?}',
  'cannot use network file {0}:{1}': '无法使用网络文件 {0}：{1?}',
  'docs/networks.md describes the fields of the file.': '该文件各字段的说明见 docs/zh/networks.md。',
  '{0} s is not a multiple of powTargetSpacing, {1} s, or only one block':
    '{0} 秒不是 powTargetSpacing（{1} 秒）的倍数，或只有一个区块',
  '{0} is not a valid target, or is easier than powLimit, {1}': '{0} 不是有效的目标值，或比 powLimit {1} 更容易',
  "run 'pier minegenesis FILE'": "请运行 'pier minegenesis FILE'",
  "missing; run 'pier minegenesis FILE'": "缺失；请运行 'pier minegenesis FILE'",
  'message and publicKey yield {0}, not {1}': '由 message 和 publicKey 得到 {0}，而不是 {1}',
  'the other members yield {0}, not {1}': '由其他成员得到 {0}，而不是 {1}',
  "hash {0} is above target {1} of bits {2}; run 'pier minegenesis FILE'":
    "哈希 {0} 高于 bits {2} 的目标值 {1}；请运行 'pier minegenesis FILE'",
  'must be {0} hex digits ({1})': '须为 {0} 位十六进制数字（{1?}）',
  '256-bit number': '256 位的数',
  'compact target': '紧凑形式的目标值',
  'block hash': '区块哈希',
  'merkle root': '默克尔根',
  'message start bytes': '消息起始字节',
  'version of extended public keys': '扩展公钥的版本',
  'version of extended private keys': '扩展私钥的版本',
  'must be an even number of hex digits': '十六进制数字的位数须为偶数',
  'must be at most {0} bytes long': '最长 {0} 字节',
  'must be a public key, 66 or 130 hex digits': '须为公钥，66 或 130 位十六进制数字',
  'must be 1 to 32 lower-case letters, digits and hyphens': '须为 1 至 32 个小写字母、数字和连字符',
  'must be at most 30 lower-case letters and digits, a letter first': '最多 30 个小写字母和数字，以字母开头',
  'is the name of a public network': '是公共网络的名称',
  'threshold must not exceed period': 'threshold 不能大于 period',
  'pubKeyHash and scriptHash must differ': 'pubKeyHash 与 scriptHash 不能相同',
  'must be a height, "always", "never" or { bit, startTime, timeout, minActivationHeight, period, threshold }':
    '须为高度、"always"、"never" 或 { bit, startTime, timeout, minActivationHeight, period, threshold }',

  // Wallets.
  'wallet file {0} is damaged: {1}': '钱包文件 {0} 已损坏：{1?}',
  'the wallet file is damaged: {0}': '钱包文件已损坏：{0?}',
  "Replace {0} by a backup. Without one, note the words that 'pier showmnemonic' still prints, move the file away, and restore each wallet with 'pier createwallet --restore --name NAME'.":
    "请用备份替换 {0}。没有备份时，请记下 'pier showmnemonic' 仍能输出的助记词，移走该文件，再用 'pier createwallet --restore --name NAME' 恢复各钱包。",
  "Replace the wallet file by a backup. Without one, note the words that 'pier showmnemonic' still prints, move the file away, and restore each wallet with 'pier createwallet --restore --name NAME'.":
    "请用备份替换钱包文件。没有备份时，请记下 'pier showmnemonic' 仍能输出的助记词，移走该文件，再用 'pier createwallet --restore --name NAME' 恢复各钱包。",
  'unknown record {0}': '未知的记录 {0}',
  'record {0} has no checksum': '记录 {0} 没有校验和',
  'record {0} has a wrong checksum': '记录 {0} 的校验和错误',
  'a record is missing': '缺少一条记录',
  'record sum is missing': '缺少记录 sum',
  'unreadable record {0} in the wallet file': '钱包文件中的记录 {0} 无法读取',
  'the record of transaction {0} is damaged': '交易 {0} 的记录已损坏',
  "unknown address type '{0}' in the wallet file": "钱包文件中的地址类型 '{0}' 未知",
  "wallet '{0}' already exists": "钱包 '{0}' 已存在",
  "invalid wallet name '{0}'": "无效的钱包名 '{0}'",
  'Use 1 to 64 letters, digits, spaces, dots, hyphens and underscores. Start with a letter or digit.':
    '请使用 1 至 64 个字母、数字、空格、点、连字符和下划线，以字母或数字开头。',
  'the gap must be a whole number from 1 to {0}, not {1}': 'gap 须为 1 至 {0} 的整数，而不是 {1}',
  'the account must be a whole number from 0 to 2147483647, not {0}': '账户须为 0 至 2147483647 的整数，而不是 {0}',
  "the root key of wallet '{0}' does not match its mnemonic": "钱包 '{0}' 的根密钥与助记词不符",
  "a key of wallet '{0}' does not match its mnemonic": "钱包 '{0}' 的一个密钥与助记词不符",
  'not a BIP39 mnemonic: a word is not in the word list, or the checksum is wrong':
    '不是 BIP39 助记词：有单词不在词表中，或校验和错误',
  'the fee rate must be above 0 and at most {0} sat/vB, not {1} sat/vB':
    '费率须大于 0 且不超过 {0} sat/vB，而不是 {1} sat/vB',
  'amounts must be above 0 and at most {0} BTC in sum, not {1} BTC': '金额须大于 0，合计不超过 {0} BTC，而不是 {1} BTC',
  '{0} BTC is dust: nodes relay no such output below {1} BTC':
    '{0} BTC 是粉尘 (dust)：节点不传播低于 {1} BTC 的此类输出',
  '{0} BTC is too small to subtract the fee of {1} BTC': '{0} BTC 太小，不够扣除 {1} BTC 的手续费',
  'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)':
    '手续费超过上限 (Fee exceeds maximum configured by user, e.g. -maxtxfee, maxfeerate)',
  'Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be rejected by the mempool':
    '有未确认的 UTXO (Unconfirmed UTXOs are available)，但花费它们会形成内存池拒绝的交易链',
  "The inputs size exceeds the maximum weight. Please try sending a smaller amount or manually consolidating your wallet's UTXOs":
    '输入的大小超过重量上限 (The inputs size exceeds the maximum weight)。请减少付款金额，或手动合并钱包的 UTXO',
  '{0} BTC plus the fee exceeds the spendable {1} BTC: {2} BTC of block rewards are immature':
    '{0} BTC 加手续费超过可花费的 {1} BTC：另有 {2} BTC 的区块奖励尚未成熟',
  'The first reward can be spent in block {0}.': '最早的奖励可以在区块 {0} 中花费。',
  'Insufficient funds: {0} BTC plus the fee exceeds the spendable {1} BTC':
    '余额不足 (Insufficient funds)：{0} BTC 加手续费超过可花费的 {1} BTC',
  '{0} BTC from others is unconfirmed.': '他人付来的 {0} BTC 尚未确认。',
  'the mempool rejected the payment: {0}': '内存池拒绝了这笔付款：{0}',
  'the mempool rejected the payment: {0}, {1}': '内存池拒绝了这笔付款：{0}，{1}',
  'transaction {0} is not eligible for abandonment': '交易 {0} 不能放弃 (not eligible for abandonment)',

  // Addresses and keys.
  'not an address': '不是地址',
  'unknown address version byte {0}': '未知的地址版本字节 {0}',
  'not a segwit address': '不是隔离见证地址',
  'wrong checksum variant for witness version {0}': '校验和的类型与见证版本 {0} 不符',
  'witness version 0 program of {0} bytes': '见证版本 0 的程序长度为 {0} 字节',
  'address of another network': '是另一个网络的地址',
  'wrong checksum': '校验和错误',
  'Compare the text with its source: it may have a typo.': '请与来源核对：可能有输入错误。',
  'not a private key': '不是私钥',
  'private key of another network': '是另一个网络的私钥',
  'private key out of range (zero, or not below the group order)': '私钥超出范围（为零，或不小于群的阶）',

  // Mining, connections and RPC.
  'no proof of work found within the given number of tries': '在给定的尝试次数内没有找到工作量证明',
  'no miner address is configured': '没有设置矿工地址',
  'Start the node with the address that mined blocks pay to (`--miner <address>`).':
    '启动节点时请给出接收区块奖励的地址 (`--miner <address>`)。',
  'the chain rejected the block: {0}': '区块链拒绝了该区块：{0}',
  'TestBlockValidity failed: {0}': '区块未通过验证：{0}',
  'the search was interrupted: the tip has changed or the miner was stopped': '查找被中断：链尖已改变，或矿工已停止',
  '{0} disconnected: {1}': '{0} 断开了连接：{1?}',
  'connection closed': '连接已关闭',
  'cannot connect to {0}: {1}': '无法连接 {0}：{1}',
  'networking is switched off': '网络连接已关闭',
  'networking was switched off during the connection attempt': '尝试连接时网络连接被关闭',
  'Check the free space and the permissions of the data directory. The file holds the password of the RPC.':
    '请检查数据目录的可用空间和权限。该文件保存 RPC 的密码。',

  // Bytes.
  'hex string of odd length (at byte {0})': '十六进制字符串的长度为奇数（位于第 {0} 字节）',
  'not a hex digit (at byte {0})': '不是十六进制数字（位于第 {0} 字节）',
  '{0} bytes left after the value (at byte {1})': '值之后还有 {0} 个字节（位于第 {1} 字节）',
  '{0} bytes needed, {1} left (at byte {2})': '需要 {0} 个字节，只剩 {1} 个（位于第 {2} 字节）',
  'compact size {0} exceeds {1} (at byte {2})': 'compact size {0} 超过 {1}（位于第 {2} 字节）',
  'compact size {0} is not minimally encoded (at byte {1})': 'compact size {0} 不是最短编码（位于第 {1} 字节）',
  'superfluous witness record (at byte {0})': '多余的见证记录（位于第 {0} 字节）',
  'unknown transaction optional data (at byte {0})': '未知的交易可选数据（位于第 {0} 字节）',
};
