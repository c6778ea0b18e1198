import type { ResultOf } from '../../control/protocol/methods.ts';
import { programName } from '../command-text.ts';
import { nodeWord } from '../node-words.ts';
import { t, translate } from '../text/texts.ts';
import { displayWidth } from '../text/width.ts';
import { formatTable } from './table.ts';

/** Columns of a terminal below which a table has only the most important ones. */
const NARROW = 80;

const text = (value: string | number | null) => (value === null ? '-' : String(value));

/** Returns an amount of bitcoins without the zeros at its end. */
function shortAmount(amount: string | null): string {
  return amount === null ? '-' : amount.replace(/\.?0+$/, '');
}

/** Says when a network mines by itself. */
export function formatMining(mode: ResultOf<'mining'>['mode']): string {
  if (mode === 'manual') return t`by hand`;
  if ('transactions' in mode) {
    return mode.transactions === 1 ? t`at each transaction` : t`at ${mode.transactions} transactions`;
  }
  return mode.poisson ? t`every ${mode.interval} s on average` : t`every ${mode.interval} s`;
}

/** Formats the status of a network for people, in lines that fit into so many columns. */
export function formatStatus(status: ResultOf<'status'>, columns = NARROW): string {
  const { name, network, nodes, mining, miningFailure, time } = status;
  const isNarrow = columns < NARROW;
  // What `fees` fills the mempools with would pass for payments.
  const hasBacklog = nodes.some(({ backlog }) => (backlog ?? 0) > 0);
  const counts = hasBacklog ? [t`mempool`, t`backlog`] : [t`mempool`];
  const header = [
    ...[t`node`, t`role`, t`height`, t`tip`, t`peers`],
    ...[...counts, t`balance`, ...(isNarrow ? [] : ['RPC'])],
  ];
  const rows = nodes.map((node) => {
    const silent = node.answers ? text(node.height) : t`no answer`;
    const state = node.status === 'running' ? silent : nodeWord(node.status);
    const tip = node.tip === null ? '-' : node.tip.slice(-8);
    const payments = node.mempool === null ? null : node.mempool - (node.backlog ?? 0);
    const inMempool = hasBacklog ? [text(payments), text(node.backlog)] : [text(payments)];
    const cells = [
      node.name,
      nodeWord(node.role),
      state,
      tip,
      text(node.peers),
      ...inMempool,
      shortAmount(node.balance),
    ];
    return isNarrow ? cells : [...cells, text(node.rpcUrl)];
  });
  const clock = new Date(time * 1_000).toISOString().replace('.000Z', 'Z');
  return [
    t`${name} (${network}), mining ${formatMining(mining)}, ${clock}`,
    ...(miningFailure ? [t`mining fails: ${translate(miningFailure.message)}`] : []),
    formatTable(header, rows, [t`tip`]),
  ].join('\n');
}

/** Columns of accounts, from all of them to those that fit everywhere. */
const accountColumns = [
  ['account', 'balance', 'address', 'private key', 'wallet', 'node'],
  ['account', 'balance', 'address', 'wallet', 'node'],
  ['account', 'balance', 'address'],
  ['account', 'balance', 'wallet', 'node'],
] as const;

/** What the columns of accounts are called. */
const columnTitles: Readonly<Record<(typeof accountColumns)[number][number], () => string>> = {
  account: () => t`account`,
  balance: () => t`balance`,
  address: () => t`address`,
  'private key': () => t`private key`,
  wallet: () => t`wallet`,
  node: () => t`node`,
};

/** Formats accounts for people, in lines that fit into so many columns; undefined: of any length. */
export function formatAccounts({ mnemonic, accounts }: ResultOf<'accounts'>, columns?: number): string {
  const rows = accounts.map(({ index, balance, keys: { bech32 }, wallet, node }) => ({
    ...{ account: String(index), balance: text(balance), address: bech32.address, 'private key': bech32.privateKey },
    ...{ wallet, node },
  }));
  const tables = accountColumns.map((header) => ({
    header,
    table: formatTable(
      header.map((name) => columnTitles[name]()),
      rows.map((row) => header.map((name) => row[name])),
      [t`wallet`, t`node`],
    ),
  }));
  const { header, table } =
    tables.find((each) => widest(each.table) <= (columns ?? Number.POSITIVE_INFINITY)) ?? tables.at(-1)!;
  const [all] = accountColumns;
  const missing = all.filter((name) => !(header as readonly string[]).includes(name));
  const others = missing.map((name) => columnTitles[name]()).join(t`, `);
  return [
    table,
    ...(missing.length === 0 ? [] : [t`(--json prints ${others} too)`]),
    ...(mnemonic === null ? [] : [t`Mnemonic: ${mnemonic}`]),
  ].join('\n');
}

/** Returns the columns of the longest line. */
function widest(lines: string): number {
  return Math.max(...lines.split('\n').map(displayWidth));
}

/** Formats the fee rate at which transactions confirm for people, and what an earlier rate has left. */
export function formatFees({ rate, backlog }: ResultOf<'fees'>): string {
  if (rate !== null) return t`${rate} satoshis per virtual byte`;
  if (backlog === 0) return t`transactions confirm at any fee rate`;
  return t`transactions confirm at any fee rate; the backlog of ${backlog} transactions stays in the mempools, and no block takes it`;
}

/** Reasons for which a wallet has no coins to spend, though it will have some after a block. */
const LACK = /^(Insufficient funds|Unconfirmed UTXOs|too-long-mempool-chain)/;

/** Formats what `load` has done for people: of refused payments, with the most frequent reason and the next step. */
export function formatLoad({ sent, replaced, refused, refusals, seconds }: ResultOf<'load'>): string {
  const text = t`${sent} payments in ${seconds.toFixed(1)} s, ${replaced} of them replaced; ${refused} refused`;
  const [first] = refusals;
  if (!first) return text;
  const reason = translate(first.reason);
  const share = refusals.length === 1 ? t`${text}: ${reason}` : t`${text}: ${reason} (${first.count} of them)`;
  const step = LACK.test(first.reason)
    ? [t`'${programName()} mine' confirms payments, whose coins can then be spent.`]
    : [];
  return [share, ...step].join('\n');
}
