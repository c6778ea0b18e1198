import { actEn } from './act/en-act.ts';
import { anatomyEn } from './en-anatomy.ts';
import { lessonEn } from './en-lesson.ts';
import { mempoolsEn } from './en-mempools.ts';
import { messageEn } from './en-message.ts';
import { minerEn } from './en-miner.ts';
import { scriptEn } from './en-script.ts';
import { stageEn } from './en-stage.ts';
import { walletEn } from './en-wallet.ts';

/** What the page says, in English. Other languages have the same members. */
export const en = {
  title: 'Pier',
  language: 'Language',
  theme: 'Theme',
  themes: { system: 'as the system', light: 'light', dark: 'dark' },
  connection: {
    connecting: 'Connecting to the network …',
    connected: 'Connected',
    failed: 'The network could not start: {0}',
    lost: 'The connection is lost. The page connects again by itself.',
    away: "The network does not answer: it may have ended. 'pier status' shows whether it runs, 'pier up' starts one. The page goes on trying.",
    ended: "The network has ended. 'pier up' starts one: open the link that it prints.",
    refused:
      "This page's address is not that of the network. Open the link that 'pier up' prints; 'pier page' prints it again.",
    gap: 'Some events were missed: the past has a gap.',
  },
  views: { stage: 'Network', diagram: 'Messages over time', tree: 'Block tree', act: 'Do' },
  places: {
    title: 'Views',
    lesson: 'Lessons',
    wallets: 'Wallets',
    mempools: 'Mempools',
    mining: 'Mining',
    script: 'Scripts',
  },
  bar: {
    open: 'Command',
    title: 'Do something: an action, and what it needs',
    example: 'mine 3, pay 0 1 1.5, kill central, partition a,b c …',
    offers: 'Actions',
    none: 'No action begins like this. There are: {0}.',
  },
  tab: {
    title: 'About this network',
    starting: 'The network starts in this tab …',
    limits:
      'This network lives in this tab and ends with it. Its nodes are real full nodes in memory, on regtest. What a tab cannot do: run nodes as processes, let wallets, bitcoind or other programs connect, keep files. On your own machine: npx pier up',
  },
  stageHelp: 'Each node is a column of its last blocks, the tip on top; its mempool is below the line.',
  diagramHelp:
    'Time runs to the right. Each line is a message from its sender to its receiver; a staircase is a block arriving.',
  nodes: 'Nodes',
  node: 'Node',
  role: 'Role',
  roles: { central: 'central', full: 'full', miner: 'miner', wallet: 'wallet', light: 'light' } as Record<
    string,
    string
  >,
  status: { running: 'running', paused: 'paused', stopped: 'stopped' },
  height: 'Height',
  tip: 'Tip',
  peers: 'Peers',
  mempool: 'Mempool',
  balance: 'Balance',
  port: 'Port',
  conditions: { latency: 'Latency', jitter: 'Jitter', loss: 'Loss', bandwidth: 'Bandwidth' },
  searching: 'searching a block',
  time: 'Time',
  mining: {
    title: 'Mining',
    manual: 'by hand',
    transactions: 'at {0} transactions',
    interval: 'every {0} s',
    poisson: 'every {0} s on average',
  },
  playback: {
    title: 'Speed',
    live: 'Live',
    pause: 'Pause',
    slow: '{0}× slower',
    past: '{0} s ago',
    payment: 'Replay payment',
    block: 'Replay block',
    watch: 'Watch it travel',
    forgotten: 'No message about it is remembered.',
    replayed: {
      transaction: 'Transaction {0}: {1} of {2}, {3}× slower',
      block: 'Block {0}: {1} of {2}, {3}× slower',
    },
    again: 'Again',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    span: '{0} wide',
    spanFrom: '{0} wide; 0 ms is {1}',
    skipped: '{0} skipped',
    waiting: 'Waiting for the next message',
    oneIn: 'Too many messages: one in {0} is drawn',
    undrawn: '{0} messages are not drawn: there are too many',
  },
  kinds: {
    transaction: 'transaction',
    block: 'block',
    headers: 'headers',
    inventory: 'inventory',
    request: 'request',
    other: 'other',
  },
  search: 'Height, block hash, transaction id or address',
  find: 'Find',
  notFound: 'No node has it: {0}',
  nowhere: 'Nothing at this address',
  nowhereHelp: 'The network has nothing called “{0}”. It may have been reset since, or the address is incomplete.',
  back: 'Back to the network',
  close: 'Close',
  loading: 'Loading …',
  block: {
    title: 'Block {0}',
    hash: 'Hash',
    previous: 'Block before it',
    merkleRoot: 'Merkle root',
    time: 'Time',
    size: 'Size',
    weight: 'Weight',
    transactions: 'Transactions',
    arrivals: 'Arrived at',
    bytes: '{0} bytes',
  },
  transaction: {
    title: 'Transaction',
    id: 'Transaction id',
    inputs: 'Inputs',
    outputs: 'Outputs',
    coinbase: 'new coins',
    fee: 'Fee',
    feeRate: 'Fee rate',
    size: 'Virtual size',
    confirmations: 'Confirmations',
    unconfirmed: 'not confirmed yet',
    witness: 'Witness',
    script: 'Script',
    knows: 'In the mempools of',
  },
  lesson: lessonEn,
  message: messageEn,
  mempools: mempoolsEn,
  miner: minerEn,
  script: scriptEn,
  wallet: walletEn,
  stage: stageEn,
  anatomy: anatomyEn,
  act: actEn,
};

/** The texts of a language. */
export type Texts = typeof en;
