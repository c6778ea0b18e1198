import type { ResultOf } from '../../control/protocol/methods.ts';
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
  const header = ['node', 'role', 'height', 'tip', 'peers', 'mempool', 'balance', ...(isNarrow ? [] : ['RPC'])];
  const rows = nodes.map((node) => {
    const state = node.status === 'running' ? text(node.height) : node.status;
    const tip = node.tip === null ? '-' : node.tip.slice(-8);
    const cells = [node.name, node.role, state, tip, text(node.peers), text(node.mempool), shortAmount(node.balance)];
    return isNarrow ? cells : [...cells, text(node.rpcUrl)];
  });
  const clock = new Date(time * 1_000).toISOString().replace('.000Z', 'Z');
  return [
    `${name} (${network}), mining ${formatMining(mining)}, ${clock}`,
    ...(miningFailure ? [`mining fails: ${miningFailure.message}`] : []),
    formatTable(header, rows, ['tip']),
  ].join('\n');
}
