import type { ResultOf } from '../../control/protocol/methods.ts';
import { programName } from '../command-text.ts';
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
  if (mode === 'manual') return 'by hand';
  if ('transactions' in mode) {
    return mode.transactions === 1 ? 'at each transaction' : `at ${mode.transactions} transactions`;
  }
  return `every ${mode.interval} s${mode.poisson ? ' on average' : ''}`;
}

/** Formats the status of a network for people, in lines that fit into so many columns. */
export function formatStatus(status: ResultOf<'status'>, columns = NARROW): string {
  const { name, network, nodes, mining, miningFailure, time } = status;
  const isNarrow = columns < NARROW;
  // What `fees` fills the mempools with would pass for payments.
  const hasBacklog = nodes.some(({ backlog }) => (backlog ?? 0) > 0);
  const counts = hasBacklog ? ['mempool', 'backlog'] : ['mempool'];
  const header = ['node', 'role', 'height', 'tip', 'peers', ...counts, 'balance', ...(isNarrow ? [] : ['RPC'])];
  const rows = nodes.map((node) => {
    const silent = node.answers ? text(node.height) : 'no answer';
    const state = node.status === 'running' ? silent : node.status;
    const tip = node.tip === null ? '-' : node.tip.slice(-8);
    const payments = node.mempool === null ? null : node.mempool - (node.backlog ?? 0);
    const inMempool = hasBacklog ? [text(payments), text(node.backlog)] : [text(payments)];
    const cells = [node.name, node.role, state, tip, text(node.peers), ...inMempool, shortAmount(node.balance)];
    return isNarrow ? cells : [...cells, text(node.rpcUrl)];
  });
  const clock = new Date(time * 1_000).toISOString().replace('.000Z', 'Z');
  return [
    `${name} (${network}), mining ${formatMining(mining)}, ${clock}`,
    ...(miningFailure ? [`mining fails: ${miningFailure.message}`] : []),
    formatTable(header, rows, ['tip']),
  ].join('\n');
}

/** Columns of accounts, from all of them to those that fit everywhere. */
const accountColumns = [
  ['account', 'balance', 'address', 'private key', 'wallet', 'node'],
  ['account', 'balance', 'address', 'wallet', 'node'],
  ['account', 'balance', 'address'],
  ['account', 'balance', 'wallet', 'node'],
] as const;

/** Formats accounts for people, in lines that fit into so many columns; undefined: of any length. */
export function formatAccounts({ mnemonic, accounts }: ResultOf<'accounts'>, columns?: number): string {
  const rows = accounts.map(({ index, balance, keys: { bech32 }, wallet, node }) => ({
    ...{ account: String(index), balance: text(balance), address: bech32.address, 'private key': bech32.privateKey },
    ...{ wallet, node },
  }));
  const tables = accountColumns.map((header) => ({
    header,
    table: formatTable(
      header,
      rows.map((row) => header.map((name) => row[name])),
      ['wallet', 'node'],
    ),
  }));
  const { header, table } =
    tables.find((each) => widest(each.table) <= (columns ?? Number.POSITIVE_INFINITY)) ?? tables.at(-1)!;
  const [all] = accountColumns;
  const missing = all.filter((name) => !(header as readonly string[]).includes(name));
  return [
    table,
    ...(missing.length === 0 ? [] : [`(--json prints ${missing.join(', ')} too)`]),
    ...(mnemonic === null ? [] : [`Mnemonic: ${mnemonic}`]),
  ].join('\n');
}

/** Returns the characters of the longest line. */
function widest(lines: string): number {
  return Math.max(...lines.split('\n').map(({ length }) => length));
}

/** Formats the fee rate at which transactions confirm for people, and what an earlier rate has left. */
export function formatFees({ rate, backlog }: ResultOf<'fees'>): string {
  if (rate !== null) return `${rate} satoshis per virtual byte`;
  const text = 'transactions confirm at any fee rate';
  if (backlog === 0) return text;
  return `${text}; the backlog of ${backlog} transactions stays in the mempools, and no block takes it`;
}

/** Reasons for which a wallet has no coins to spend, though it will have some after a block. */
const LACK = /^(Insufficient funds|Unconfirmed UTXOs|too-long-mempool-chain)/;

/** Formats what `load` has done for people: of refused payments, with the most frequent reason and the next step. */
export function formatLoad({ sent, replaced, refused, refusals, seconds }: ResultOf<'load'>): string {
  const text = `${sent} payments in ${seconds.toFixed(1)} s, ${replaced} of them replaced; ${refused} refused`;
  const [first] = refusals;
  if (!first) return text;
  const share = refusals.length === 1 ? '' : ` (${first.count} of them)`;
  const step = LACK.test(first.reason)
    ? [`'${programName()} mine' confirms payments, whose coins can then be spent.`]
    : [];
  return [`${text}: ${first.reason}${share}`, ...step].join('\n');
}
