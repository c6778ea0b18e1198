import type { StepEvent } from '../../control/protocol/events.ts';
import type { Both, Fact, Lesson } from '../model/lesson/format.ts';
import type { ShownStep } from '../model/lesson/player.ts';
import type { Route } from '../model/route.ts';

/** Labels of the facts of the scenario of `pier up`, whose events are in English. */
const LABELS: readonly (readonly [label: RegExp, zh: string])[] = [
  [/^height$/, '高度'],
  [/^best block$/, '最佳区块'],
  [/^spendable$/, '可用余额'],
  [/^immature rewards$/, '未成熟的挖矿奖励'],
  [/^peers$/, '对等节点'],
  [/^bytes received$/, '收到的字节数'],
  [/^bytes received, full node$/, '全节点收到的字节数'],
  [/^funding transaction for (.*)$/, '注资给 $1 的交易'],
  [/^(.*)'s balance$/, '$1 的余额'],
  [/^(\S+) pays (\S+) (.*)$/, '$1 付给 $2 $3'],
  [/^payment received$/, '收到的付款'],
  [/^block$/, '区块'],
  [/^transactions, with coinbase$/, '交易数（含 coinbase 交易）'],
  [/^nonce$/, '随机数'],
  [/^hashes tried$/, '尝试的哈希次数'],
  [/^hash rate$/, '算力'],
  [/^received (.*), confirmations$/, '收到 $1，确认数'],
  [/^payment proof, hashes in its merkle branch$/, '付款证明：默克尔分支中的哈希数'],
  [/^headers and filters downloaded$/, '下载的区块头和过滤器'],
  [/^blocks downloaded$/, '下载的区块'],
  [/^filter false positives$/, '过滤器误报'],
];

/** Returns a label of the scenario in both languages; one that is not known stays in English. */
export function scenarioLabel(en: string): Both {
  const found = LABELS.find(([label]) => label.test(en));
  return { en, zh: found ? en.replace(found[0], found[1]) : en };
}

/** Returns the steps of a lesson as far as the scenario has played them: the one after the last is in progress. */
export function scenarioSteps({ steps }: Pick<Lesson, 'steps'>, events: readonly StepEvent[]): ShownStep[] {
  const played = new Map(events.map((event) => [event.step, event]));
  const last = Math.max(0, ...played.keys());
  return steps.map((_, i) => {
    const event = played.get(i + 1);
    if (event) return { state: 'done', facts: event.facts.map(factOf), commands: [] };
    return { state: i === last ? 'running' : 'ahead', facts: [], commands: [] };
  });
}

function factOf({ node, label, value }: StepEvent['facts'][number]): Fact {
  const opens = routeOf(label, value);
  return { node, label: scenarioLabel(label), value, ...(opens ? { opens } : {}) };
}

/** Returns what a hash names. */
function routeOf(label: string, value: string | number): Route | undefined {
  if (!/^[0-9a-f]{64}$/.test(String(value))) return undefined;
  return { view: /block$/.test(label) ? 'block' : 'transaction', id: String(value) };
}
