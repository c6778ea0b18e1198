import type { TextTable } from '../texts.ts';

/** What the help says, in Chinese. */
export const help: TextTable = {
  // Commander's own words.
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Global Options:': '通用选项：',
  'Commands:': '命令：',
  'choices: ': '可选：',
  'default: ': '默认：',
  ', default: ': '；默认：',
  'display help for command': '显示命令的帮助',
  'output the version number': '输出版本号',

  // The page of the program.
  'A Bitcoin network on one machine. NODE_ID or --node-id selects a node by its port.':
    '在一台机器上运行的比特币网络。用 NODE_ID 或 --node-id 按端口选择节点。',
  'A whole network:': '整个网络：',
  'A network that runs:': '运行中的网络：',
  'Chains and nodes:': '区块链与节点：',
  'Wallets:': '钱包：',
  'Queries and proofs:': '查询与证明：',
  'The shell:': 'Shell：',
  'Environment:': '环境变量：',
  'Exit codes:': '退出码：',
  'Examples:': '示例：',
  "'pier help COMMAND' describes a command.": "用 'pier help COMMAND' 查看某个命令的说明。",
  'describe a command': '显示命令的说明',
  'language of messages: en or zh (default: that of LC_ALL, LC_MESSAGES or LANG)':
    '消息的语言：en 或 zh（默认取自 LC_ALL、LC_MESSAGES 或 LANG）',
  'the node: its port, as --node-id': '节点，即它的端口，同 --node-id',
  'folder of the files, as --datadir': '文件所在的目录，同 --datadir',
  'the network, as --network': '网络，同 --network',
  'engine for signatures: native or wasm': '签名引擎：native 或 wasm',
  'language, after LC_ALL and LC_MESSAGES': '消息的语言（LC_ALL、LC_MESSAGES 优先）',
  'print without colours': '输出不带颜色',
  'print colours on pipes too; 0: none': '输出到管道时也带颜色；0：不带',
  done: '成功',
  'failed, or a payment is not proved (verify)': '失败，或付款没有得到证明 (verify)',
  'wrong usage': '用法错误',
  'ended at once by a second Ctrl-C': '再次按下 Ctrl-C，立即结束',

  // Options of several commands.
  'data directory (default: PIER_DATADIR, or ~/.pier/<network>)':
    '数据目录（默认为 PIER_DATADIR，否则为 ~/.pier/<network>）',
  'main, test, testnet4, signet, regtest, classroom, or a network file (default: PIER_NETWORK, or regtest)':
    'main、test、testnet4、signet、regtest、classroom，或网络文件（默认为 PIER_NETWORK，否则为 regtest）',
  'print results and errors as JSON': '以 JSON 输出结果和错误',
  "the node's port (default: NODE_ID)": '节点的端口（默认为 NODE_ID）',
  "address of the node's RPC server (default: 127.0.0.1)": '节点 RPC 服务的地址（默认为 127.0.0.1）',
  'node to connect to; can be repeated (default: the seeds of the network, or 127.0.0.1:3000)':
    '要连接的节点；可重复（默认为网络的种子节点，否则为 127.0.0.1:3000）',
  'do not connect to any node; other nodes can still connect': '不主动连接任何节点；其他节点仍可连接它',
  'the network, if several run': '要控制的网络，有多个网络运行时必填',
  'seed of everything random': '一切随机内容的种子',
  'its name': '节点名',
  'such as 1.5': '例如 1.5',
  'satoshis per virtual byte': '费率，单位为聪每虚拟字节',

  // up, scenario
  'start a network and keep it running until Ctrl-C: four nodes that play the scenario, or others':
    '启动一个网络并保持运行，直到按下 Ctrl-C：演示流程的四个节点，或自定义的网络',
  'topology of the network, a JSON or YAML file': '网络的拓扑，JSON 或 YAML 文件',
  'number of nodes (default: 3)': '节点数（默认 3）',
  'which nodes are linked (default: mesh, or random beyond eight nodes)':
    '哪些节点相连（默认 mesh，超过八个节点时为 random）',
  'seed of everything random (default: 1)': '一切随机内容的种子（默认 1）',
  'number of accounts with coins (default: 10)': '有余额的账户数（默认 10）',
  'BIP39 mnemonic of the accounts (default: a public one)': '账户的 BIP39 助记词（默认为一组公开的助记词）',
  'bitcoins of each account (default: 50)': '每个账户的余额，单位 BTC（默认 50）',
  'load the state of the network from the file if it exists, and save it there at the end':
    '文件存在时从中读取网络的状态，结束时把状态保存到该文件',
  'what other commands call the network (default: default)': '网络的名称，供其他命令选择（默认 default）',
  "port of the scenario's central node; the other nodes use the next three ports":
    '演示流程中心节点的端口；其余节点使用其后三个端口',
  "print the logs of the scenario's nodes to stderr": '把演示流程各节点的日志输出到标准错误',
  'play the scenario of pier up in a temporary folder on free ports; exit with 0 only if every step is verified':
    '在临时目录和空闲端口上运行 pier up 的演示流程；只有每一步都通过验证，退出码才是 0',
  'print the evidence as JSON': '以 JSON 输出各步骤的证据',
  "print the nodes' logs to stderr": '把各节点的日志输出到标准错误',

  // Control of a network.
  'show the nodes of the network that runs': '显示运行中网络的各节点',
  'show them again at each change': '每次变化后重新显示',
  'mine blocks in the network': '在网络中挖区块',
  'number of blocks': '区块数',
  'the node that mines (default: the miner, or the first full node)':
    '挖矿的节点（默认为矿工节点，否则为第一个全节点）',
  'what the blocks pay to: number or wallet of an account, or an address (default: the faucet)':
    '区块奖励付给谁：账户的编号或钱包，或一个地址（默认付给水龙头）',
  'time of the first block, in seconds since the Unix epoch': '第一个区块的时间，Unix 秒',
  'show or set when the network mines by itself': '显示或设置网络何时自动挖矿',
  'never, at transactions in the mempool, or in intervals': '从不自动挖、内存池里有交易时挖，或按间隔挖',
  'transactions (default: 1), or seconds; poisson: on average': '交易数（默认 1）或秒数；poisson 时为平均秒数',
  "list the network's accounts, their keys and balances": '列出网络的账户及其密钥和余额',
  'pay from the coins that mining earned': '用挖矿所得的币付款',
  'what is paid: number or wallet of an account, or an address': '收款方：账户的编号或钱包，或一个地址',
  'pay from an account of the network': '从网络的一个账户付款',
  'number or wallet of the account': '付款账户的编号或钱包',
  'number or wallet of another account, or an address': '另一个账户的编号或钱包，或一个地址',
  'spend the coins of an unconfirmed payment of an account again, with a higher fee':
    '再次花费某账户一笔未确认付款的币，手续费更高（双重花费）',
  'transaction id of the payment': '该付款的交易编号',
  'what gets the coins: number or wallet of an account, or an address (default: the account that has paid)':
    '这些币付给谁：账户的编号或钱包，或一个地址（默认付给付款的账户自己）',
  'satoshis per virtual byte (default: enough to replace the payment)':
    '费率，单位为聪每虚拟字节（默认足以替换原付款）',
  'let blocks of another branch win': '让另一个分支的区块胜出',
  'number of blocks that lose': '被淘汰的区块数',
  'number of blocks that win (default: one more)': '胜出的区块数（默认多一个）',
  'the node that gets the winning blocks first': '最先得到胜出区块的节点',
  'cut the links between groups of nodes, besides those that are cut; nodes in no group form one more':
    '切断各组节点之间的链路，已切断的保持不变；不在任何组里的节点自成一组',
  'names of nodes, separated by commas: node1,node2 node3': '节点名，用逗号分隔，例如 node1,node2 node3',
  'mend all links, and wait until the nodes agree': '恢复所有链路，并等待各节点达成一致',
  'show or change the link between two nodes': '显示或改变两个节点之间的链路',
  'milliseconds that a message takes': '消息的延迟，单位毫秒',
  'milliseconds that it takes more, at random': '随机增加的延迟，单位毫秒',
  'share of messages that are sent again, 0 to 1': '需要重发的消息所占的比例，0 至 1',
  'bytes per second; 0: no limit': '每秒字节数；0：不限',
  'let it carry nothing': '切断这条链路',
  'let it carry again': '恢复这条链路',
  "show or change the network's time": '显示或改变网络的时间',
  'seconds since the Unix epoch': '设为该时间，Unix 秒',
  'move it; negative: back': '把时间拨快多少秒；负数：拨慢',
  'stop it': '让时间停住',
  'let it run': '让时间继续',
  'show or set the fee rate at which transactions confirm': '显示或设置交易得到确认所需的费率',
  'satoshis per virtual byte; 0: any, and the backlog stays in the mempools, out of blocks':
    '单位为聪每虚拟字节；0：任何费率都能确认，积压交易留在内存池中，不进入区块',
  'let the accounts pay each other at random': '让各账户随机相互付款',
  'number of payments (default: 100, or as many as fit into the seconds)':
    '付款笔数（默认 100；给出秒数时，能完成多少就付多少）',
  'how long': '持续多少秒',
  'payments per second (default: as many as the nodes make)': '每秒付款笔数（默认不限，以节点的速度为准）',
  'share of payments that are replaced, 0 to 1': '被替换的付款所占的比例，0 至 1',
  'share of payments that spend the change of the one before, 0 to 1': '花费上一笔找零的付款所占的比例，0 至 1',
  'keep the state of the network until it is stopped, or restore it': '在网络停止之前保存它的状态，或恢复已保存的状态',
  'what to do': '要执行的操作',
  'its name (save: default the next number)': '快照名（save 时默认为下一个编号）',
  'add a node to the network, which downloads the chain from the nodes that it is linked to':
    '在网络中增加一个节点，它从所连接的节点下载区块链',
  'its name (default: the next of node1, node2 and so on that is free)':
    '节点名（默认为 node1、node2……中下一个可用的）',
  'what it does (default: full)': '节点的角色（默认 full）',
  'a node that it is linked to; again for each other (default: the central node, or the first two full nodes)':
    '与它相连的节点；每个节点给出一次（默认为中心节点，或最先的两个全节点）',
  'start a node that was stopped or killed (of a network)': '启动网络中已停止或被强制终止的节点',
  'stop a node in order (of a network)': '正常停止网络中的节点',
  'end a node as SIGKILL would (of a network)': '像 SIGKILL 那样强制终止网络中的节点',
  'hold a node back as SIGSTOP would (of a network)': '像 SIGSTOP 那样暂停网络中的节点',
  'let a paused node go on (of a network)': '让网络中已暂停的节点继续运行',
  'stop the network that runs in another terminal': '停止在另一个终端中运行的网络',
  'give the network that runs the state in which it was created; or remove files of nodes that do not run':
    '把运行中的网络恢复到创建时的状态；或删除未运行节点的文件',
  'remove the files of all nodes in the data directory, wallets too': '删除数据目录中所有节点的文件，包括钱包',
  'with --files: remove them, instead of listing them': '与 --files 同用：执行删除，而不是列出',
  'show the logs of the nodes': '显示各节点的日志',
  'its name (default: all nodes)': '节点名（默认为所有节点）',
  'show new lines as they come, until Ctrl-C or the end of the network':
    '持续显示新的日志行，直到按下 Ctrl-C 或网络结束',
  'number of lines that are there already': '显示多少行已有的日志',
  'print each line, and errors, as JSON': '以 JSON 输出每一行和错误',
  "print the address of the network's live page, with the token that the page needs":
    '输出网络实时页面的地址，其中包含页面所需的令牌',
  'print the result as JSON': '以 JSON 输出结果',

  // startnode
  "run the node until Ctrl-C or 'pier rpc stop'": "运行节点，直到按下 Ctrl-C 或执行 'pier rpc stop'",
  'run a light node: it syncs headers, and finds and proves payments by block filters (BIP157)':
    '以轻节点运行：只同步区块头，用区块过滤器 (BIP157) 查找并证明付款',
  'with --spv: find payments by Bloom filters (BIP37), which reveal most of your addresses to peers':
    '与 --spv 同用：用布隆过滤器 (BIP37) 查找付款，这会向对等节点暴露你的大部分地址',
  'mine blocks whose rewards pay this address': '挖矿，奖励付给该地址',
  'number of transactions in the mempool at which a block is mined; 0 mines continuously':
    '内存池里有多少笔交易时挖一个区块；0：持续挖矿',
  'threads that search for proof of work (default: the number of processors less one)':
    '用于工作量证明的线程数（默认为处理器数减一）',
  'do not accept transactions from peers': '不接收对等节点的交易',
  'do not index and serve block filters (BIP157) for light clients':
    '不建立区块过滤器 (BIP157) 索引，也不向轻客户端提供过滤器',
  'announce transactions after random delays (default on public networks)':
    '随机延迟后再通告交易（公共网络的默认行为）',
  'announce transactions at once (default on local networks)': '立即通告交易（本地网络的默认行为）',
  'serve Bloom filters (BIP37) to light clients': '为轻客户端提供布隆过滤器 (BIP37)',
  'address to accept peers on': '接受对等节点连接的地址',
  'connect to public addresses that peers announce (default on public networks)':
    '连接对等节点通告的公网地址（公共网络的默认行为）',
  'connect to announced addresses of this machine and of private networks only': '只连接通告地址中的本机和私有网络地址',
  'use only the unencrypted v1 transport (default: BIP324 with peers that support it)':
    '只用不加密的 v1 传输（默认与支持 BIP324 的对等节点使用加密传输）',
  'connect to seeds and added nodes only': '只连接种子节点和手动添加的节点',
  'maximum number of connections, without those to seeds and added nodes': '连接数上限，种子节点和手动添加的节点不计',
  'lowest level of the log lines that are written': '写入日志的最低级别',
  'minimum chainwork of headers before they are stored (default: that of the network)':
    '区块头链达到多少工作量才会保存（默认取自网络参数）',
  'do not wait until files are on disk: faster, but a power failure may destroy them':
    '写入时不等待落盘：更快，但断电可能损坏文件',
  'stop when standard input closes, that is, when the parent process exits': '标准输入关闭时停止，父进程结束时即是如此',

  // Chains.
  'create a blockchain whose first blocks pay an address; one reward is spendable':
    '创建一条区块链，最初的区块把奖励付给一个地址；其中一份奖励可以花费',
  'address that the block rewards pay': '接收区块奖励的地址',
  'mine the genesis block that a network file describes': '挖出网络文件所描述的创世区块',
  'print errors as JSON too': '错误也以 JSON 输出',
  'the network file': '网络文件',
  'print the blocks of the chain, newest first': '输出链上的区块，最新的在前',
  'print at most this many blocks': '最多输出多少个区块',
  'rebuild the UTXO set from the stored blocks; the node must be stopped':
    '由已保存的区块重建未花费输出集合 (UTXO set)；节点须已停止',

  // Wallets.
  "add a wallet to the node's wallet file and print its first address":
    '在节点的钱包文件里添加一个钱包，并输出它的第一个地址',
  'name of the wallet (default: wallet1, wallet2, ...)': '钱包名（默认 wallet1、wallet2……）',
  'address type: BIP44, BIP49, BIP84 or BIP86': '地址类型：BIP44、BIP49、BIP84 或 BIP86',
  'restore a wallet from its mnemonic, read from standard input; requires --name, and that the node is stopped':
    '用从标准输入读取的助记词恢复钱包；须同时给出 --name，且节点已停止',
  'with --restore: unused addresses in a row after which the search ends (default: 20)':
    '与 --restore 同用：连续多少个未使用的地址之后停止查找（默认 20）',
  'print the mnemonic of each wallet, from which it can be restored; keep it secret':
    '输出可以恢复各钱包的助记词；请妥善保密',
  "list the addresses of the node's wallets": '列出节点各钱包的地址',
  "print the balances of the node's wallets, or the confirmed balance of an address":
    '输出节点各钱包的余额，或某个地址已确认的余额',
  'any address, also of other wallets; requires a full node': '任意地址，不限于本节点的钱包；需要全节点',
  'pay an address': '向一个地址付款',
  'address to pay': '收款地址',
  'amount in bitcoins, such as 1.5': '金额，以比特币计，例如 1.5',
  'paying wallet, given by its name or one of its addresses; required if there are several':
    '付款的钱包，写钱包名或它的某个地址；有多个钱包时必填',
  'fee rate in satoshis per virtual byte (default: estimated for six blocks)':
    '费率，单位为聪每虚拟字节（默认取对六个区块的估计）',
  'mine a block with the payment on this node; its reward pays the same wallet':
    '在本节点上挖出一个包含这笔付款的区块；奖励归付款的钱包',

  // verify, rpc, completion
  'verify by headers and a merkle proof that a block contains a transaction, and report what that does not prove':
    '用区块头和默克尔证明验证某个区块包含一笔交易，并指出哪些内容没有得到证明',
  'transaction id; optional with --proof': '交易编号；给出 --proof 时可省略',
  'node to query; can be repeated (default: the seeds of the network, or 127.0.0.1:3000)':
    '要询问的节点；可重复（默认为网络的种子节点，否则为 127.0.0.1:3000）',
  'block that contains the transaction': '包含该交易的区块',
  'address that the transaction pays or spends from, to find its block by block filters (BIP157)':
    '交易的收款地址或付款地址，用于按区块过滤器 (BIP157) 查找区块',
  'verify an exported proof offline; - reads standard input': '离线验证已导出的证明；- 表示标准输入',
  'trusted block of the chain': '链上一个可信的区块',
  'write the proof to a file, for pier verify --proof': '把证明写入文件，供 pier verify --proof 使用',
  'omit earlier headers from the proof; verifying it then needs --checkpoint':
    '证明不含更早的区块头；验证时须给出 --checkpoint',
  "call an RPC method of a running node; 'pier rpc help' lists the methods":
    "调用运行中节点的 RPC 方法；用 'pier rpc help' 列出所有方法",
  'wallet of the call': '调用所针对的钱包',
  'print a script that lets a shell complete commands, options and names':
    '输出 shell 的补全脚本，可补全命令、选项和名称',
  'the shell': '要补全的 shell',
  'Installation:': '安装：',
  '(after the line with compinit)': '（放在 compinit 一行之后）',
};
