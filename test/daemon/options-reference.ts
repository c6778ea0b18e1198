import type { Option } from '../../src/daemon/arguments/option.ts';
import { optionsByGroup } from '../../src/daemon/options/index.ts';

const TEXTS = {
  en: {
    introduction: `<!-- Generated from the definitions of options by \`npm run docs:pierd\`. Do not edit: change src/daemon/options. -->

# pierd: a node in bitcoind's place

\`pierd\` is a full node that takes bitcoind's options, reads \`bitcoin.conf\`, and lays its files where bitcoind's clients look:

\`\`\`sh
mkdir /tmp/d
pierd -regtest -datadir=/tmp/d -daemonwait
bitcoin-cli -regtest -datadir=/tmp/d getblockchaininfo
bitcoin-cli -regtest -datadir=/tmp/d stop
\`\`\`

In an empty folder it begins at genesis, alone. The network's folder (\`regtest/\`, \`signet/\`, \`testnet3/\`, \`testnet4/\`, or the data directory itself on the main network) holds \`.cookie\`, \`bitcoind.pid\`, \`debug.log\` and \`mempool.dat\`, and the chain and the wallets in one file each, \`blockchain.db\` and \`wallet.db\`.

Options have one hyphen or two: \`-name=value\`, \`-name\`, and \`-noname\` to switch one off. What a configuration file says holds unless the command line says otherwise; a section such as \`[regtest]\` is for its network alone. Errors are bitcoind's, word by word. An option that Bitcoin Core does not have is an error.

The tables list the options of Bitcoin Core 30. Those that are *ignored* have no effect, with a warning: nothing that a client sees depends on them. Those that are *refused* are errors, except with the values that ask for what the node does anyway.`,
    head: ['option', 'meaning', 'support'],
    used: 'used',
    ignored: 'ignored',
    refused: 'refused',
    except: 'except with',
  },
  zh: {
    introduction: `<!-- 由 \`npm run docs:pierd\` 根据选项的定义生成。请勿直接编辑：修改 src/daemon/options。 -->

# pierd：代替 bitcoind 的节点

\`pierd\` 是一个全节点：它接受 bitcoind 的选项，读取 \`bitcoin.conf\`，并把文件放在 bitcoind 的客户端会去找的位置：

\`\`\`sh
mkdir /tmp/d
pierd -regtest -datadir=/tmp/d -daemonwait
bitcoin-cli -regtest -datadir=/tmp/d getblockchaininfo
bitcoin-cli -regtest -datadir=/tmp/d stop
\`\`\`

在空目录中，它独自从创世区块开始。网络的目录（\`regtest/\`、\`signet/\`、\`testnet3/\`、\`testnet4/\`，主网则是数据目录本身）里有 \`.cookie\`、\`bitcoind.pid\`、\`debug.log\`、\`mempool.dat\`，以及各为一个文件的链与钱包：\`blockchain.db\` 和 \`wallet.db\`。

选项以一个或两个连字符开头：\`-name=value\`、\`-name\`，\`-noname\` 表示关闭。配置文件的内容在命令行没有另作规定时有效；\`[regtest]\` 这样的小节只对该网络有效。错误信息与 bitcoind 逐字相同。Bitcoin Core 没有的选项是错误。

下表列出 Bitcoin Core 30 的选项，说明为英文原文。“忽略”的选项没有作用，并给出警告：客户端能看到的一切都与它无关。“拒绝”的选项是错误，除非其值要求的正是节点本来就做的事。`,
    head: ['选项', '含义', '支持'],
    used: '有效',
    ignored: '忽略',
    refused: '拒绝',
    except: '除非为',
  },
} as const;

/** A language of the reference. */
export type ReferenceLanguage = keyof typeof TEXTS;

/** Returns the reference of `pierd` (docs/pierd.md), generated from the options. */
export function optionsReference(language: ReferenceLanguage): string {
  const texts = TEXTS[language];
  const support = ({ support: each }: Option): string => {
    if (each === 'used') return texts.used;
    if ('ignored' in each) return `${texts.ignored}: ${each.ignored}`;
    const values = each.unless?.map((value) => `\`${value}\``).join(', ');
    return `${texts.refused}: ${each.refused}${values ? ` (${texts.except} ${values})` : ''}`;
  };
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const tables = Object.entries(optionsByGroup).map(([title, list]) =>
    [
      `## ${title}\n`,
      row(texts.head),
      row(texts.head.map(() => '---')),
      ...list.map((each) => row([`\`-${each.name}${each.value ?? ''}\``, each.help, support(each)])),
    ].join('\n'),
  );
  return `${[texts.introduction, ...tables].join('\n\n')}\n`;
}
