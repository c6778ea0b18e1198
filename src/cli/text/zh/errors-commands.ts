import type { TextTable } from '../texts.ts';

/** Errors and hints of the commands, of their clients, and of the control server, in Chinese. */
export const commandErrors: TextTable = {
  // Usage.
  "option '--lang <language>' argument missing": "选项 '--lang <language>' 缺少值",
  "option '--lang <language>' argument '{0}' is invalid. Allowed choices are {1}.":
    "选项 '--lang <language>' 的值 '{0}' 无效，可选 {1}",
  "'pier help' lists the commands.": "用 'pier help' 查看所有命令。",
  "{0} 'pier help' lists the commands.": "{0?}用 'pier help' 查看所有命令。",
  "{0} 'pier help {1}' lists its arguments and options.": "{0?}用 'pier help {1}' 查看它的参数和选项。",
  "Did you mean {0}? 'pier help' lists the commands.": "你要找的是 {0} 吗？用 'pier help' 查看所有命令。",
  "Did you mean {0}? 'pier help {1}' lists its arguments and options.":
    "你要找的是 {0} 吗？用 'pier help {1}' 查看它的参数和选项。",
  "'pier help {0}' lists its arguments and options.": "用 'pier help {0}' 查看它的参数和选项。",
  "'pier help up' lists the options.": "用 'pier help up' 查看选项。",
  "'pier help reset' lists the options.": "用 'pier help reset' 查看选项。",
  "--limit '{0}' is not a positive integer": "--limit '{0}' 不是正整数",
  "{0} '{1}' is not a number": "{0} '{1}' 不是数字",
  'pier mining {0} needs a number of seconds': 'pier mining {0} 需要秒数',
  'pier mining {0} takes no number': 'pier mining {0} 不带数字',
  '--cut and --mend exclude each other': '--cut 与 --mend 不能同时使用',
  '--freeze and --resume exclude each other': '--freeze 与 --resume 不能同时使用',
  'pier snapshot {0} needs the name of a snapshot': 'pier snapshot {0} 需要快照名',
  "'pier snapshot list' lists them.": "用 'pier snapshot list' 列出快照。",
  '{0} is for a network that runs': '{0} 只用于正在运行的网络',
  '{0} is for --files': '{0} 须与 --files 同用',
  '--gap requires --restore': '--gap 须与 --restore 同用',
  "--gap '{0}' is not a whole number from 1 to {1}": "--gap '{0}' 不是 1 至 {1} 的整数",
  '--restore requires --name': '--restore 须与 --name 同用',
  "{0} '{1}' is not an address of {2}": "{0} '{1}' 不是 {2} 的地址",
  "{0} '{1}' is not an address of {2}: {3}": "{0} '{1}' 不是 {2} 的地址：{3?}",
  "Addresses of {0} begin with {1}1, for example. 'pier listaddresses' lists those of a node.":
    "{0} 的地址例如以 {1}1 开头。用 'pier listaddresses' 列出节点的地址。",
  "{0} '{1}' is not a port from 1 to {2}": "{0} '{1}' 不是 1 至 {2} 的端口",
  'The {0} nodes listen on it and the next ports, and for RPC on ports {1} higher.':
    '{0} 个节点从该端口起依次监听，RPC 的端口各大 {1}。',
  '--bloom requires --spv: only a light node searches for payments by Bloom filters':
    '--bloom 须与 --spv 同用：只有轻节点用布隆过滤器查找付款',
  'a light node (--spv) does not support --{0}': '轻节点 (--spv) 不支持 --{0}',
  "--host '{0}' is not an address of this machine: {1}": "--host '{0}' 不是本机的地址：{1?}",
  "--rpc-host '{0}' is not an address of this machine: {1}": "--rpc-host '{0}' 不是本机的地址：{1?}",
  "is for the scenario; the folder {0} holds another network, which 'pier up' continues":
    "只用于演示流程；目录 {0} 中是另一个网络，'pier up' 会继续它",
  'is for the scenario, which other networks do not play': '只用于演示流程，自定义的网络不运行演示流程',
  'cannot be combined with a file: write it into {0}': '不能与文件同用：请写在 {0} 里',
  '{0} describes another network than the one in {1}:\n{2}': '{0} 描述的网络与 {1} 中的不同：\n{2?}',
  "Continue the saved network by 'pier up --state {0}' alone, or give another file to --state.":
    "单独运行 'pier up --state {0}' 可继续已保存的网络；或者为 --state 指定另一个文件。",
  "{0}: engine: 'memory' is for programs; pier up starts processes":
    "{0}：engine：'memory' 供程序使用，pier up 启动的是进程",
  'Leave the engine out, or use the file with createNetwork().':
    '请去掉 engine，或在程序中用 createNetwork() 读取该文件。',
  '--proof verifies offline: it cannot be combined with --node, --block or --address':
    '--proof 离线验证，不能与 --node、--block 或 --address 同用',
  'no transaction to verify': '没有要验证的交易',
  'Give a txid, or a proof with --proof FILE.': '请给出交易编号，或用 --proof FILE 给出证明。',
  "--proof '{0}' cannot be read: {1}": "--proof '{0}' 无法读取：{1}",
  "--export '{0}' cannot be written: {1}": "--export '{0}' 无法写入：{1}",
  'Choose another file.': '请选择另一个文件。',
  'What the file holds is no proof. Free space on its disk, or choose another file.':
    '该文件的内容不是完整的证明。请释放磁盘空间，或选择另一个文件。',
  "--amount '{0}' is not an amount of bitcoins": "--amount '{0}' 不是比特币金额",
  'Give a decimal up to 21000000 with at most 8 decimals, such as 1.5.':
    '请给出不超过 21000000、最多 8 位小数的数，例如 1.5。',
  "--amount '{0}' is not more than 0": "--amount '{0}' 不大于 0",
  "--fee-rate '{0}' is not a fee rate in satoshis per virtual byte": "--fee-rate '{0}' 不是费率（单位：聪每虚拟字节）",
  'Give a number above 0 with at most 3 decimals, such as 2.5.': '请给出大于 0、最多 3 位小数的数，例如 2.5。',
  "--headers-from '{0}' is not a height at which the headers can start":
    "--headers-from '{0}' 不是区块头可以开始的高度",
  "Give a multiple of {0}, the length of a difficulty period, up to the block's height {1}.":
    '请给出难度周期长度 {0} 的倍数，不超过该区块的高度 {1}。',
  "--checkpoint '{0}' is not of the form HEIGHT:HASH": "--checkpoint '{0}' 的格式不是 HEIGHT:HASH",
  'A hash has 64 hex digits.': '哈希是 64 位十六进制数字。',
  "{0} '{1}' is not a {2}": "{0} '{1}' 不是{2!}",
  'transaction id': '交易编号',
  'block hash or height': '区块哈希或高度',
  "{0} '{1}' is not a whole number of at least {2}": "{0} '{1}' 不是不小于 {2} 的整数",
  '--mine-at-txs 0 would mine thousands of blocks a second on {0}': '在 {0} 上，--mine-at-txs 0 每秒会挖出数千个区块',
  'Use it on a network whose difficulty adapts, such as --network classroom.':
    '请在难度会调整的网络上使用，例如 --network classroom。',
  'For example: 127.0.0.1:3000': '例如：127.0.0.1:3000',
  'NODE_ID is not set': '没有设置 NODE_ID',
  "Set NODE_ID to the node's port, or give --node-id. For example: NODE_ID=3000 pier startnode":
    '请把 NODE_ID 设为节点的端口，或给出 --node-id。例如：NODE_ID=3000 pier startnode',
  'The node listens on this port, and for RPC on this port + {0}. For example: NODE_ID=3000 pier startnode':
    '节点监听该端口，并在该端口 + {0} 提供 RPC。例如：NODE_ID=3000 pier startnode',
  "--minimumchainwork '{0}' is not a number of up to 64 hex digits":
    "--minimumchainwork '{0}' 不是最多 64 位的十六进制数",
  'the data directory {0} cannot be created: {1}': '无法创建数据目录 {0}：{1}',
  'Choose another folder with --datadir or PIER_DATADIR.': '请用 --datadir 或 PIER_DATADIR 指定另一个目录。',
  "unknown network '{0}'": "未知网络 '{0}'",
  'Give --network or PIER_NETWORK one of {0}, or the path of a network file that ends in .json.':
    '--network 或 PIER_NETWORK 须为 {0} 之一，或以 .json 结尾的网络文件的路径。',
  "'{0}' is not an address of the form HOST:PORT": "'{0}' 不是 HOST:PORT 形式的地址",
  'Write it like 127.0.0.1:3000 or [::1]:3000.': '写法如 127.0.0.1:3000 或 [::1]:3000。',

  // Options of bitcoind.
  'Pier has no -txindex: give the hash of the block that contains the transaction.':
    'Pier 没有 -txindex：请给出包含该交易的区块的哈希。',
  'Pier has no -maxtxfee: choose a lower fee rate.': 'Pier 没有 -maxtxfee：请选择较低的费率。',
  'A node of Pier has it, unless it was started with --no-v2.': 'Pier 的节点默认支持它，除非启动时给出了 --no-v2。',
  'In Pier, the option is --network regtest.': '在 Pier 中，对应的选项是 --network regtest。',
  'With pier rpc, the option is --wallet NAME, before the method.':
    '使用 pier rpc 时，对应的选项是 --wallet NAME，写在方法名之前。',
  "Method not found: '{0}'": "没有这个 RPC 方法 (Method not found)：'{0}'",
  "Method not found: '{0}' is {1}": "没有这个 RPC 方法 (Method not found)：'{0}'，{1?}",
  "'pier rpc help' lists the methods of the node.": "用 'pier rpc help' 列出节点的方法。",
  "Did you mean {0}? 'pier rpc help' lists the methods of the node.":
    "你要找的是 {0} 吗？用 'pier rpc help' 列出节点的方法。",
  'Did you mean {0}?': '你要找的是 {0} 吗？',
  'not available on a light node, which has no blocks': '轻节点没有区块，不提供这个方法',

  // Output, ports, files.
  'the output cannot be written: {0}': '无法写入输出：{0}',
  'Free disk space, or write the output to another place.': '请释放磁盘空间，或把输出写到别处。',
  'port {0} is in use by node {1}, which runs in {2}': '端口 {0#} 被节点 {1} 占用，该节点在 {2} 上运行',
  "Stop it with 'NODE_ID={0} pier rpc stop', a network that pier up runs with 'pier down', or choose other ports with --base-port.":
    "用 'NODE_ID={0} pier rpc stop' 停止它；如果它属于 pier up 运行的网络，用 'pier down' 停止该网络；或用 --base-port 选择其他端口。",
  'port {0} is in use by {1}': '端口 {0#} 被{1?}占用',
  'another program': '另一个程序',
  'a program that speaks HTTP': '一个使用 HTTP 的程序',
  "Stop that program, which may be another pier up ('pier down' stops it), or choose other ports with --base-port.":
    "请停止该程序，它可能是另一个 pier up（用 'pier down' 停止），或用 --base-port 选择其他端口。",
  'Stop that program, or choose other ports with --base-port.': '请停止该程序，或用 --base-port 选择其他端口。',
  'Stop that program, which may be another node, or choose another NODE_ID.':
    '请停止该程序（它可能是另一个节点），或选择另一个 NODE_ID。',
  'Stop that program, or choose another NODE_ID.': '请停止该程序，或选择另一个 NODE_ID。',
  'Stop that program, or choose another port.': '请停止该程序，或选择另一个端口。',
  'Give an address of this machine.': '请给出本机的地址。',
  'RPC cannot listen on {0}:{1}: another program uses this port': 'RPC 无法监听 {0}:{1}：端口被另一个程序占用',
  'RPC cannot listen on {0}:{1}: {2}': 'RPC 无法监听 {0}:{1}：{2?}',
  'cannot listen at {0}: another program uses this port': '无法监听 {0}：端口被另一个程序占用',
  'cannot listen at {0}: {1}': '无法监听 {0}：{1?}',
  'another program uses this port': '端口被另一个程序占用',
  'a program that speaks HTTP uses this port': '端口被一个使用 HTTP 的程序占用',
  'the files are of {0}: its coins cannot be mined again': '这些文件属于 {0}：它的币无法重新挖出',
  'Remove what you do not need in {0} by hand.': '请手动删除 {0} 中不需要的文件。',
  'there are no files of nodes in {0}': '{0} 中没有节点的文件',
  'Choose the folder by --datadir, or the network by --network.': '请用 --datadir 指定目录，或用 --network 指定网络。',
  'this would remove from {0}: {1}': '将从 {0} 中删除：{1}',
  'With --yes it does.': '加上 --yes 才会执行。',
  'this process may open only {0} files and connections': '本进程最多只能打开 {0} 个文件和连接',
  'Raise the limit: ulimit -n {0}': '请提高上限：ulimit -n {0}',

  // Commands for chains and wallets.
  "cannot create a blockchain on the public network '{0}'": "不能在公共网络 '{0}' 上创建区块链",
  "Download it with 'pier startnode --network {0} --seed HOST:PORT', or create one with --network regtest.":
    "用 'pier startnode --network {0} --seed HOST:PORT' 下载，或用 --network regtest 创建一条。",
  'node {0} already has a blockchain: {1}': '节点 {0} 已有区块链：{1}',
  "Start it with 'NODE_ID={0} pier startnode'. To keep it and begin another network, choose another folder with --datadir; to begin anew, stop the nodes: 'pier reset --files' then removes their files, wallets too.":
    "用 'NODE_ID={0} pier startnode' 启动它。要保留它并另建网络，请用 --datadir 指定另一个目录；要重新开始，请先停止各节点，再用 'pier reset --files' 删除它们的文件，包括钱包。",
  "node {0} already has a wallet '{1}'": "节点 {0} 已有钱包 '{1}'",
  "node {0} already has a wallet 'wallet{1}'": "节点 {0} 已有钱包 'wallet{1}'",
  "Use it ('pier listaddresses' lists its addresses), choose another --name, or choose another folder with --datadir. To begin anew, stop the nodes: 'pier reset --files' then removes their files, wallets too.":
    "可以使用它（用 'pier listaddresses' 列出它的地址），换一个 --name，或用 --datadir 指定另一个目录。要重新开始，请先停止各节点，再用 'pier reset --files' 删除它们的文件，包括钱包。",
  'no nonce gives the genesis block with time {0} a valid proof of work':
    '时间为 {0} 的创世区块没有能得到有效工作量证明的随机数',
  'Change genesis.time or genesis.message in the network file, or choose an easier target in genesis.bits.':
    '请修改网络文件中的 genesis.time 或 genesis.message，或在 genesis.bits 中选择更容易的目标值。',
  'node {0} has no blockchain: {1} does not exist': '节点 {0} 没有区块链：{1} 不存在',
  "Create one with 'NODE_ID={0} pier createblockchain --address A', or download one with 'NODE_ID={1} pier startnode --seed HOST:PORT'.":
    "用 'NODE_ID={0} pier createblockchain --address A' 创建一条，或用 'NODE_ID={1} pier startnode --seed HOST:PORT' 下载。",
  'node {0} has no wallet: {1} does not exist': '节点 {0} 没有钱包：{1} 不存在',
  "Create one with 'NODE_ID={0} pier createwallet'.": "用 'NODE_ID={0} pier createwallet' 创建一个。",
  "Create one with 'pier createwallet'.": "用 'pier createwallet' 创建一个。",
  'node {0} is not running, and no seed is available to relay its payment (seeds: {1})':
    '节点 {0} 没有运行，也没有可用的种子节点来传播它的付款（种子节点：{1}）',
  'node {0} is not running, and no seed is available to relay its payment (seeds: none)':
    '节点 {0} 没有运行，也没有可用的种子节点来传播它的付款（未指定种子节点）',
  "Start the node with 'pier startnode', name a running node with --seed HOST:PORT, or add --mine.":
    "请用 'pier startnode' 启动该节点，用 --seed HOST:PORT 指定一个运行中的节点，或加上 --mine。",
  'no peer requested transaction {0} within {1} s': '{1} 秒内没有对等节点请求交易 {0}',
  "The wallet keeps it and announces it while the node runs. Start the node with 'pier startnode'.":
    "钱包会保留它，并在节点运行时通告。请用 'pier startnode' 启动节点。",
  'the node has no wallet': '节点没有钱包',
  'the node has several wallets: {0}': '节点有多个钱包：{0}',
  'Select the paying wallet with --from.': '请用 --from 选择付款的钱包。',
  "--from '{0}' is neither a wallet nor a wallet address of the node":
    "--from '{0}' 既不是节点的钱包，也不是钱包的地址",
  "The node has these wallets: {0}. 'pier listaddresses' lists their addresses.":
    "节点有这些钱包：{0}。用 'pier listaddresses' 列出它们的地址。",

  // Calls of a node.
  'the node at {0} rejected the cookie {1}': '位于 {0} 的节点拒绝了 cookie {1}',
  'The cookie belongs to another node: check --datadir and --node-id.':
    '这个 cookie 属于另一个节点：请检查 --datadir 和 --node-id。',
  '{0} answered {1} with HTTP status {2}': '{0} 对 {1} 的应答为 HTTP 状态码 {2}',
  'cannot read the cookie {0}': '无法读取 cookie {0}',
  'Run the command as the user that started the node.': '请以启动该节点的用户运行此命令。',
  'connection to {0} failed: {1}': '无法连接 {0}：{1}',
  'Check --rpc-host.': '请检查 --rpc-host。',
  'no node is running at {0}': '{0} 上没有运行中的节点',
  "Start it with 'pier startnode'.": "用 'pier startnode' 启动它。",

  // Calls of a network.
  'the network at {0} does not answer': '位于 {0} 的网络没有应答',
  'Is its process stopped?': '它的进程是否被暂停了？',
  'no network answers at {0}': '{0} 上没有网络应答',
  '{0} refuses this client (HTTP status {1})': '{0} 拒绝此客户端（HTTP 状态码 {1}）',
  'the network is being created': '网络正在创建',
  'Try again in a moment.': '请稍后再试。',
  'the network at {0} has too many clients': '位于 {0} 的网络的客户端过多',
  'another program answers at {0} (HTTP status {1})': '{0} 上应答的是另一个程序（HTTP 状态码 {1}）',
  'the connection to the control server has ended': '与控制服务器的连接已断开',
  'The network may have stopped: connect again.': '网络可能已停止：请重新连接。',
  "'{0}' is not the name of a network": "'{0}' 不能作为网络的名称",
  'A name has up to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit.':
    '名称最多 64 个字符，由字母、数字、点、连字符和下划线组成，以字母或数字开头。',
  "a network called '{0}' runs already (process {1})": "名为 '{0}' 的网络已在运行（进程 {1}）",
  "Stop it by 'pier down --name {0}', or give this one another name by --name.":
    "用 'pier down --name {0}' 停止它，或用 --name 为新网络另取名称。",
  '{0} networks run: {1}': '有 {0} 个网络在运行：{1}',
  'Choose one by --name.': '请用 --name 选择一个。',
  'no network runs': '没有网络在运行',
  "no network called '{0}' runs": "没有名为 '{0}' 的网络在运行",
  "Start one by 'pier up' or 'pier up --nodes 3', for example.": "例如用 'pier up' 或 'pier up --nodes 3' 启动一个。",
  'These run: {0}.': '正在运行的有：{0}。',
  'Try again once that is over.': '请在结束后再试。',
  'the steps of the scenario are being played': '正在运行演示流程',
  'the control server: port {0} of {1} is in use by another program': '控制服务器：{1} 的端口 {0} 被另一个程序占用',
  'Choose another port.': '请选择另一个端口。',
  'the token is missing or wrong': '令牌缺失或错误',
  'the Host is another one': 'Host 不符',
  'the Origin is another one': 'Origin 不符',
  'too many clients': '客户端过多',
  '{0} needs a WebSocket': '{0} 需要 WebSocket',
  'no port from {0} to {1} is free': '{0} 至 {1} 之间没有空闲端口',
  'the client has left': '客户端已离开',
  '{0} requests of this client wait for their results': '此客户端有 {0} 个请求正在等待结果',
  'Await some of them first.': '请先等待其中一些完成。',
  'this client has {0} subscriptions already': '此客户端已有 {0} 个订阅',
  'there is no subscription {0}': '没有订阅 {0}',
  'the message is not JSON': '消息不是 JSON',
  'the message is not a request of JSON-RPC 2.0': '消息不是 JSON-RPC 2.0 的请求',
  'there is no method {0}': '没有方法 {0}',
  'rpc.discover describes all methods.': 'rpc.discover 描述了所有方法。',
  'The parameters are { {0} }.': '参数为 { {0} }。',
  'there is a snapshot {0} already': '已有快照 {0}',
  'Delete it first, or give another name.': '请先删除它，或另取名称。',
  'there is no snapshot {0}': '没有快照 {0}',
  'There are none yet.': '目前没有快照。',
  'There are {0}.': '现有 {0}。',
  'no node is called {0}: there are {1}': '没有名为 {0} 的节点：现有 {1}',
  "'pier status' lists the nodes.": "用 'pier status' 列出各节点。",
  '{0} accounts are called {1}': '有 {0} 个名为 {1} 的账户',
  'Give the number of one: {0}.': '请给出其中一个的编号：{0}。',
  'there is no account {0}: the network has none': '没有账户 {0}：网络中没有账户',
  'there is no account {0}: there are {1}': '没有账户 {0}：现有 {1}',
  'no account is called {0}: the network has none': '没有名为 {0} 的账户：网络中没有账户',
  'no account is called {0}: there are {1}': '没有名为 {0} 的账户：现有 {1}',
  "'pier accounts' lists the accounts.": "用 'pier accounts' 列出各账户。",
  '{0}: {1} is neither an account nor an address of {2}: {3}': '{0}：{1} 既不是账户，也不是 {2} 的地址：{3?}',
  "'pier reorg' lets its block lose first.": "请先用 'pier reorg' 淘汰它所在的区块。",
  'no account of a running node has made payment {0}': '运行中节点的账户都没有付过 {0} 这笔款',
  "'pier pay' prints the transaction id of a payment.": "'pier pay' 会输出付款的交易编号。",
  'Of accounts, the network has none.': '网络中没有账户。',
  'Of accounts, there are {0}.': '现有的账户：{0}。',
  "'pier up --nodes 3 --accounts 2' starts a network with accounts.":
    "用 'pier up --nodes 3 --accounts 2' 启动有账户的网络。",
  "It is being stopped: 'pier up' starts a network.": "网络正在停止：用 'pier up' 启动一个网络。",
  "'pier status' lists the nodes, and 'pier start NODE' starts one.":
    "用 'pier status' 列出各节点，用 'pier start NODE' 启动节点。",
  "'pier resume {0}' lets it go on.": "用 'pier resume {0}' 让它继续运行。",
  "'pier start {0}' starts it.": "用 'pier start {0}' 启动它。",
  "'pier snapshot list' lists the snapshots.": "用 'pier snapshot list' 列出快照。",
  "The RPC method 'help' lists the methods of the node.": "RPC 方法 'help' 列出节点的方法。",
  'Name the wallet.': '请指明钱包。',
  "The RPC method 'listwallets' lists the wallets of the node.": "RPC 方法 'listwallets' 列出节点的钱包。",
  'Unconfirmed UTXOs': '未确认的 UTXO (Unconfirmed UTXOs)',
  "'pier mine' confirms them.": "用 'pier mine' 让它们得到确认。",
  "'pier mine 100' lets the rewards of the blocks so far mature.": "用 'pier mine 100' 让已有区块的奖励成熟。",
  'Insufficient funds': '余额不足 (Insufficient funds)',
  "'pier mine 101' gives the faucet more.": "用 'pier mine 101' 为水龙头增加余额。",
  "'pier accounts' shows what each account can spend, 'pier faucet ACCOUNT AMOUNT' gives it more, and 'pier mine 101' the faucet.":
    "用 'pier accounts' 查看各账户可花费的余额，用 'pier faucet ACCOUNT AMOUNT' 为账户增加余额，用 'pier mine 101' 为水龙头增加余额。",
  "'pier time' shows the network's time, and 'pier time --set SECONDS' sets it.":
    "用 'pier time' 查看网络的时间，用 'pier time --set SECONDS' 设置它。",
  "unknown engine '{0}' in PIER_SECP256K1": "PIER_SECP256K1 中的引擎 '{0}' 未知",
  "Set PIER_SECP256K1 to 'native' or 'wasm', or unset it to use the fastest engine.":
    "请把 PIER_SECP256K1 设为 'native' 或 'wasm'；不设置则使用最快的引擎。",
  'no implementation of secp256k1 could be loaded': '无法加载任何 secp256k1 实现',
  'Reinstall the packages secp256k1 and tiny-secp256k1; in a web page, call useSecp256k1Engine first.':
    '请重新安装软件包 secp256k1 和 tiny-secp256k1；在网页中，请先调用 useSecp256k1Engine。',
};
