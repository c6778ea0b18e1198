/** A part of the walk-through: what it is about, and commands. */
interface Part {
  readonly title: readonly [english: string, chinese: string];
  readonly text: readonly [english: string, chinese: string];
  /** What follows `pier`. */
  readonly commands: readonly string[];
}

/** How the network of the walk-through is started, in a terminal of its own. */
export const start = 'up --nodes 3 --accounts 2 --seed 7';

/** The walk-through, whose commands are run one after the other. */
export const parts: readonly Part[] = [
  {
    title: ['Look around', '查看'],
    text: [
      'Mining has given the accounts 50 BTC each, and the faucet the rest of the balance. Both have their wallets on the first node. `page` prints the address of the live page.',
      '每个账户已有挖矿所得的 50 BTC，余额的其余部分属于水龙头 (faucet)。账户和水龙头的钱包都在第一个节点上。`page` 输出实时页面的地址。',
    ],
    commands: ['status', 'accounts', 'page'],
  },
  {
    title: ['Pay and mine', '付款与挖矿'],
    text: [
      'Commands that pay print the transaction id, and those that mine the block hashes.',
      '付款命令输出交易 ID，挖矿命令输出区块哈希。',
    ],
    commands: ['pay 0 1 1.5', 'faucet 1 0.25', 'status', 'mine', 'mine 2 --by node2 --to 1', 'accounts', 'mining'],
  },
  {
    title: ['Keep the state', '保存状态'],
    text: [
      'A snapshot has everything: chains, mempools, wallets, links and the time.',
      '快照包含一切：区块链、内存池、钱包、链路和时间。',
    ],
    commands: ['snapshot save calm', 'snapshot list'],
  },
  {
    title: ['Partition and fork', '分区与分叉'],
    text: [
      'Without links between them, two parts of the network mine chains of their own. `status` shows two tips.',
      '网络的两部分之间没有链路，各自挖出自己的链。`status` 显示两个链尖。',
    ],
    commands: ['partition node1 node2,node3', 'mine --by node1', 'mine 2 --by node3', 'status'],
  },
  {
    title: ['Heal', '恢复连接'],
    text: [
      'The chain with more work wins, and the first node reorganises.',
      '工作量较多的链获胜，第一个节点重组到这条链上。',
    ],
    commands: ['heal', 'status'],
  },
  {
    title: ['Reorganise', '重组'],
    text: [
      'The last two blocks lose against three new ones. Their transactions go back to the mempools.',
      '最后两个区块输给三个新区块，它们的交易回到内存池。',
    ],
    commands: ['reorg 2'],
  },
  {
    title: ['Restore', '恢复快照'],
    text: ['The network is as it was when the snapshot was saved.', '网络回到保存快照时的状态。'],
    commands: ['snapshot restore calm', 'status', 'snapshot delete calm'],
  },
  {
    title: ['The life of a node', '节点的启停'],
    text: [
      'A node can be stopped in order, killed, or paused, as by SIGSTOP.',
      '节点可以正常停止、强行终止，或暂停（如同 SIGSTOP）。',
    ],
    commands: [
      'stop node2',
      'status',
      'logs node2 --lines 1',
      'start node2',
      'pause node3',
      'resume node3',
      'kill node2',
      'start node2',
    ],
  },
  {
    title: ['One more node', '增加节点'],
    text: [
      'A new node begins with an empty chain, and downloads it from the nodes that it is linked to.',
      '新节点从空链开始，向与它相连的节点下载区块链。',
    ],
    commands: ['add', 'add pool --role miner --link node1 --link node4', 'status', 'link pool node1'],
  },
  {
    title: ['Links, time, fees and mining', '链路、时间、费率与挖矿方式'],
    text: [
      'These last until they are changed. `fees 20` fills the mempools, so that only payments of 20 satoshis per virtual byte confirm.',
      '这些设置一直有效，直到再次更改。`fees 20` 填满内存池，只有每虚拟字节 20 聪的付款得到确认。',
    ],
    commands: [
      ...['link node1 node2 --latency 200', 'link node1 node2 --latency 0'],
      ...['time --increase 3600 --freeze', 'time --resume', 'fees 20', 'fees 0'],
      ...['mining interval 600', 'mining manual'],
    ],
  },
  {
    title: ['Load', '负载'],
    text: ['The accounts pay each other at random, by a seed.', '账户之间按种子随机付款。'],
    commands: ['load --count 10 --seed 7', 'mine'],
  },
  {
    title: ['Spend twice', '双重支付'],
    text: [
      'The coins of a payment that is not confirmed yet are spent again, at a higher fee rate. Of the two transactions the second is left: `HASH` in the command is the id that `pay` has printed.',
      '以更高的费率再次花费一笔未确认付款的币。两笔交易中只剩下第二笔：命令中的 `HASH` 是 `pay` 输出的交易 ID。',
    ],
    commands: ['pay 0 1 1', 'doublespend HASH', 'mine'],
  },
  {
    title: ['Begin anew', '重新开始'],
    text: ['The network is as it was created.', '网络回到创建时的状态。'],
    commands: ['reset', 'status'],
  },
  {
    title: ['Stop', '结束'],
    text: ['The network ends, as by Ctrl-C in its terminal.', '结束网络，等同于在它的终端里按 Ctrl-C。'],
    commands: ['down'],
  },
];

/** Replaces what differs from run to run by names, as long as it in the columns of tables. */
export function normalise(output: string): string {
  return output
    .replaceAll(/[0-9a-f]{64}/g, 'HASH')
    .replaceAll(/(?<=^\w+ +\S+ +\d+ +)[0-9a-f]{8}(?= )/gm, 'TIP.....')
    .replaceAll(/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll(/^\d\d:\d\d:\d\d\.\d{3}(?= )/gm, 'TIME')
    .replaceAll(/^\d{10} (?=\(TIME\))/gm, 'SECONDS ')
    .replaceAll(/(?<=127\.0\.0\.1:|-rpcport=)\d+/g, 'PORT')
    .replaceAll(/(?<=-rpccookiefile=)\S+/g, 'COOKIE_FILE')
    .replaceAll(/(?<= in )\d+\.\d(?= s)/g, 'SECONDS')
    .trimEnd();
}

const intro = {
  title: ['Walk-through', '演练'],
  text: [
    'What each command for a running network prints, from its start to its end. Start a network in a terminal of its own; the other commands are for a second one. HASH, TIP, TIME, SECONDS, PORT and COOKIE_FILE stand for what differs from run to run. `npm run docs:walk` runs all commands and writes this page; a test compares it.',
    '从启动到结束，控制运行中网络的每个命令的输出。在单独的终端里启动网络，其余命令在另一个终端里输入。HASH、TIP、TIME、SECONDS、PORT 和 COOKIE_FILE 代表每次运行都不同的内容。本页由 `npm run docs:walk` 运行全部命令后写成，并由测试核对。',
  ],
  started: ['Start', '启动'],
  rest: [
    '[Control](control.md) describes the commands, and [the reference](cli.md) their options.',
    '命令的说明见[控制](control.md)，选项见[命令参考](cli.md)。',
  ],
} as const;

/** Returns the page in a language, with the output of each command. */
export function walkThrough(language: 0 | 1, outputs: ReadonlyMap<string, readonly string[]>): string {
  const seen = new Map<string, number>();
  const block = (commands: readonly string[]) => {
    const lines = commands.map((command) => {
      const count = seen.get(command) ?? 0;
      seen.set(command, count + 1);
      return `$ pier ${command}\n${outputs.get(command)![count]}`;
    });
    return `\`\`\`console\n${lines.join('\n\n')}\n\`\`\``;
  };
  return [
    `# ${intro.title[language]}`,
    intro.text[language],
    `## ${intro.started[language]}`,
    block([start]),
    ...parts.flatMap(({ title, text, commands }) => [`## ${title[language]}`, text[language], block(commands)]),
    intro.rest[language],
  ]
    .join('\n\n')
    .concat('\n');
}
