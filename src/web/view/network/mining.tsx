import { createEffect, createMemo, createSignal, For, type JSX, onCleanup, Show } from 'solid-js';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Action, blocksField, mined, minerField, mineToField } from '../../model/actions.ts';
import { colourOf, tagOf } from '../../model/block-colour.ts';
import {
  askMiners,
  ChainHeaders,
  expectedHashes,
  type MinerInfo,
  type MiningInfo,
  type ModeKind,
  modeOf,
  withPrefix,
} from '../../model/mining/mining-info.ts';
import { fill } from '../../text/texts.ts';
import { ActionForm } from '../act.tsx';
import { usePage } from '../context.ts';
import './mempools.css';

/** Milliseconds between two looks at the miners: a search is seen as it runs. */
const LOOK_MS = 300;
/** Nodes that are asked, and blocks that are listed. */
const MAX_MINERS = 8;
const MAX_RECENT = 12;
const CHART_HEIGHT = 160;

/** Mines now: how many blocks, by which node, and to which account or address. */
const mineNow: Action = {
  name: 'mine',
  fields: [blocksField, minerField, mineToField],
  run: async (client, { blocks, by, to }) => {
    const payee = /^\d+$/.test(to!) ? Number(to) : to;
    const { hashes } = await client.call('mine', {
      blocks: Number(blocks),
      ...(by ? { by } : {}),
      ...(to ? { to: payee } : {}),
    });
    return mined(hashes);
  },
  command: ({ blocks, by, to }) => `pier mine ${blocks}${by ? ` --by ${by}` : ''}${to ? ` --to ${to}` : ''}`,
  call: ({ blocks, by, to }) => {
    const payee = /^\d+$/.test(to!) ? `network.accounts[${to}]` : JSON.stringify(to);
    const options = [...(by ? [`by: ${JSON.stringify(by)}`] : []), ...(to ? [`to: ${payee}`] : [])];
    return `await network.mine(${blocks}${options.length > 0 ? `, { ${options.join(', ')} }` : ''})`;
  },
};

/** Mining: its mode, the searches as they run, the last blocks, and the difficulty. */
export default function MiningView(): JSX.Element {
  const { session, texts, theme, go, setHighlight } = usePage();
  const { timeline } = session;
  const headers = new ChainHeaders(timeline);
  const [miners, setMiners] = createSignal<ReadonlyMap<string, MinerInfo>>(new Map());
  const [info, setInfo] = createSignal<MiningInfo>();
  const [loads, setLoads] = createSignal(0);
  let isOver = false;
  const look = async () => {
    while (!isOver) {
      if (session.client) {
        setMiners(await askMiners(timeline, session, MAX_MINERS));
        setInfo(await session.callAny<MiningInfo>('getmininginfo', []).catch(() => undefined));
        const isNew = await headers.load((hash) => session.callAny('getblockheader', [hash]), session.shown());
        if (isNew) setLoads((count) => count + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  void look();
  onCleanup(() => {
    isOver = true;
  });
  const blocks = createMemo(() => {
    session.version();
    loads();
    return headers.blocks(session.shown());
  });
  const rate = (value: number) => fill(texts().miner.perSecond, withPrefix(value));
  return (
    <section class="mining">
      <h2>{texts().miner.title}</h2>
      <ModeForm />
      <ActionForm action={mineNow} />
      <Show when={info()}>
        {(now) => (
          <p class="number">
            {fill(
              texts().miner.network,
              Number(now().difficulty.toPrecision(4)),
              `${now().target.slice(0, 12)}…`,
              rate(now().networkhashps),
            )}
          </p>
        )}
      </Show>
      <h3>{texts().miner.miners}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts().miner.node}</th>
            <th scope="col">{texts().miner.rate}</th>
            <th scope="col">{texts().miner.search}</th>
          </tr>
        </thead>
        <tbody>
          <For each={[...miners().keys()]}>
            {(name) => (
              <tr>
                <th scope="row">
                  <button type="button" class="hash" onClick={() => go({ view: 'node', id: name })}>
                    {name}
                  </button>
                </th>
                <td class="number">{rate(miners().get(name)?.hashrate ?? 0)}</td>
                <td>
                  <Search info={miners().get(name)} difficulty={info()?.next.difficulty ?? 0} />
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
      <h3>{texts().miner.difficulty}</h3>
      <Show when={blocks().length > 1}>
        <Chart points={blocks().map(({ height, difficulty }) => [height, difficulty])} />
        <p class="hint">
          {/* Elsewhere, a flat line is what was there before the first adjustment. */}
          {session.status()?.network === 'regtest'
            ? fill(texts().miner.flat, expectedHashes(blocks()[0]!.difficulty))
            : texts().miner.adapts}
        </p>
      </Show>
      <h3>{texts().miner.recent}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{texts().height}</th>
            <th scope="col">{texts().block.hash}</th>
            <th scope="col">{texts().miner.interval}</th>
            <th scope="col">{texts().miner.miner}</th>
          </tr>
        </thead>
        <tbody>
          <For each={blocks().slice(-MAX_RECENT).reverse()}>
            {({ hash, height, interval, miner }) => (
              <tr>
                <th scope="row" class="number">
                  {height}
                </th>
                <td>
                  <button
                    type="button"
                    class="hash"
                    onClick={() => go({ view: 'block', id: hash })}
                    onPointerEnter={() => setHighlight(hash)}
                    onPointerLeave={() => setHighlight(undefined)}
                  >
                    <i style={{ color: colourOf(hash, theme().isDark) }} aria-hidden="true">
                      ■
                    </i>{' '}
                    {hash.slice(0, 8)}…{tagOf(hash)}
                  </button>
                </td>
                <td class="number">{interval === undefined ? '–' : `${interval} s`}</td>
                <td>{miner ?? texts().miner.unknown}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  );
}

/** What a miner does now, or did last. */
function Search(props: { readonly info: MinerInfo | undefined; readonly difficulty: number }): JSX.Element {
  const { texts } = usePage();
  const expected = () => expectedHashes(props.difficulty);
  const tried = (hashes: number, seconds: number) =>
    fill(texts().miner.tried, withPrefix(hashes), seconds.toFixed(1), withPrefix(expected()));
  return (
    <Show
      when={props.info?.search}
      fallback={
        <>
          {texts().miner.idle}
          <Show when={props.info?.lastblock}>
            {(last) => <> · {fill(texts().miner.last, withPrefix(last().hashes), last().seconds.toFixed(2))}</>}
          </Show>
        </>
      }
    >
      {(search) => (
        <div class="search-run">
          <span>
            {fill(texts().miner.height, search().height)} ·{' '}
            <span class="number">{fill(texts().miner.nonce, search().nonce)}</span>
          </span>
          <progress max={1} value={Math.min(1, search().hashes / expected())} aria-label={texts().miner.search} />
          <span>{tried(search().hashes, search().seconds)}</span>
          <code title={texts().miner.header}>{search().header}</code>
        </div>
      )}
    </Show>
  );
}

function ModeForm(): JSX.Element {
  const { session, texts } = usePage();
  const [kind, setKind] = createSignal<ModeKind>('manual');
  const [number, setNumber] = createSignal('10');
  const [failed, setFailed] = createSignal('');
  // The mode that the network has, until another one is chosen here.
  createEffect((last: string | undefined) => {
    const mode = session.status()?.mining;
    const text = JSON.stringify(mode);
    if (mode === undefined || text === last) return last;
    if (typeof mode === 'string') setKind('manual');
    else if ('transactions' in mode) {
      setKind('transactions');
      setNumber(String(mode.transactions));
    } else {
      setKind(mode.poisson ? 'poisson' : 'interval');
      setNumber(String(mode.interval));
    }
    return text;
  });
  const chosen = () => modeOf(kind(), Number(number()));
  const set = async (event: Event) => {
    event.preventDefault();
    await session.client?.call('mining', { mode: chosen().mode }).then(
      () => setFailed(''),
      (error: Error) => setFailed(error.message),
    );
  };
  return (
    <form class="action" onSubmit={(event) => void set(event)}>
      <label>
        <span>{texts().miner.mode}</span>
        <select value={kind()} onInput={(event) => setKind(event.currentTarget.value as ModeKind)}>
          <For each={['manual', 'transactions', 'interval', 'poisson'] as const}>
            {(each) => <option value={each}>{texts().miner.modes[each]}</option>}
          </For>
        </select>
      </label>
      <Show when={kind() !== 'manual'}>
        <label>
          <span>{texts().miner.number}</span>
          <input inputMode="decimal" value={number()} onInput={(event) => setNumber(event.currentTarget.value)} />
        </label>
      </Show>
      <button type="submit" disabled={session.connection() !== 'connected'}>
        {texts().miner.set}
      </button>
      <code title={texts().act.command}>{chosen().command}</code>
      <Show when={failed() !== ''}>
        <p class="result failed" role="status">
          {failed()}
        </p>
      </Show>
      <Show when={session.status()?.miningFailure}>
        {(failure) => <p class="result failed">{fill(texts().miner.failure, failure().message)}</p>}
      </Show>
    </form>
  );
}

/** The difficulty over the heights, as steps. */
function Chart(props: { readonly points: readonly (readonly [number, number])[] }): JSX.Element {
  const { texts, theme } = usePage();
  let element!: HTMLDivElement;
  let chart: uPlot | undefined;
  const data = (): uPlot.AlignedData => [props.points.map(([x]) => x), props.points.map(([, y]) => y)];
  createEffect(() => {
    const { ink, faint, kinds } = theme();
    const axis = { stroke: ink, grid: { stroke: faint, width: 0.5 }, ticks: { stroke: faint, width: 0.5 } };
    const make = () =>
      new uPlot(
        {
          ...{ width: Math.max(200, element.clientWidth), height: CHART_HEIGHT, legend: { show: false } },
          scales: {
            x: { time: false },
            y: { range: (_, least, most) => (least === most ? [0, 2 * most || 1] : [0, most * 1.1]) },
          },
          // Heights are whole.
          axes: [
            { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100] },
            { ...axis, size: 74, values: (_, ticks) => ticks.map((tick) => String(Number(tick.toPrecision(3)))) },
          ],
          series: [
            {},
            { stroke: kinds.block, width: 2, paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } },
          ],
        },
        data(),
        element,
      );
    chart = make();
    onCleanup(() => chart?.destroy());
  });
  createEffect(() => chart?.setData(data()));
  return <div ref={element} class="chart" role="img" aria-label={texts().miner.difficulty} />;
}
