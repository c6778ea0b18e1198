import { createEffect, createMemo, createSignal, For, Index, type JSX, onCleanup, Show } from 'solid-js';
import { drawArrivalRows, drawFutureBlock } from '../../draw/mempool.ts';
import { Confirmations } from '../../model/mempool/confirmations.ts';
import { loadMempools } from '../../model/mempool/mempool-loader.ts';
import {
  arrivalsAt,
  type FutureBlock,
  feeHistogram,
  futureBlocks,
  layOutSquares,
  type MempoolGroup,
  mempoolNodes,
  mempoolsAt,
  type RowOrder,
} from '../../model/mempool/mempools.ts';
import { routeHash } from '../../model/route.ts';
import { feeRate } from '../../model/timeline.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import './mempools.css';

/** Milliseconds between two looks at the mempools. */
const LOOK_MS = 400;
/** Mempools, blocks of each, transactions and names of nodes that are shown at most. */
const MAX_GROUPS = 6;
const MAX_BLOCKS = 4;
const MAX_ROWS = 30;
const MAX_NAMES = 6;
/** Pixels of a block's side, and of the matrix. */
const SIDE = 116;
const ROW = 22;
const MIN_CELL = 5;
const MAX_CELL = 18;

/** The mempools as blocks that could be mined, and which node knows which transaction. */
export default function MempoolsView(props: { readonly order: RowOrder }): JSX.Element {
  const { session, texts } = usePage();
  const { timeline } = session;
  const [look, setLook] = createSignal(0);
  let seen = '';
  const timer = setInterval(() => {
    const now = `${session.changes} ${session.playback.isLive ? '' : session.shown()}`;
    if (now !== seen) setLook((count) => count + 1);
    seen = now;
  }, LOOK_MS);
  onCleanup(() => clearInterval(timer));
  // What the mempools held before the page came.
  createEffect(() => {
    if (session.connection() === 'connected') void loadMempools(timeline, session).then(() => setLook((n) => n + 1));
  });
  const groups = createMemo(() => {
    look();
    return mempoolsAt(timeline, session.shown());
  });
  return (
    <section class="mempools">
      <h2>{texts().mempools.title}</h2>
      <p class="hint">{texts().mempools.help}</p>
      <Show when={groups().length > 0} fallback={<p>{texts().mempools.none}</p>}>
        <Index each={groups().slice(0, MAX_GROUPS)}>{(group) => <Group group={group()} />}</Index>
      </Show>
      <Show when={groups().length > MAX_GROUPS}>
        <p>{fill(texts().mempools.moreGroups, groups().length - MAX_GROUPS)}</p>
      </Show>
      <Show when={timeline.forgotten > 0 && look() >= 0}>
        <p class="undrawn">{fill(texts().mempools.forgotten, timeline.forgotten)}</p>
      </Show>
      <Matrix look={look()} order={props.order} />
    </section>
  );
}

function Group(props: { readonly group: MempoolGroup }): JSX.Element {
  const { texts } = usePage();
  const blocks = () => futureBlocks(props.group.transactions);
  const names = () => {
    const { nodes } = props.group;
    return nodes.length <= MAX_NAMES
      ? nodes.join(', ')
      : `${nodes.slice(0, MAX_NAMES).join(', ')} +${nodes.length - MAX_NAMES}`;
  };
  return (
    <>
      <h3>{names()}</h3>
      <Show when={blocks().length > 0} fallback={<p>{texts().mempools.empty}</p>}>
        <div class="future">
          <Index each={blocks().slice(0, MAX_BLOCKS)}>{(block, i) => <Block block={block()} index={i} />}</Index>
          <Histogram group={props.group} />
        </div>
        <Show when={blocks().length > MAX_BLOCKS}>
          <p>{fill(texts().mempools.moreBlocks, blocks().length - MAX_BLOCKS)}</p>
        </Show>
      </Show>
    </>
  );
}

function Block(props: { readonly block: FutureBlock; readonly index: number }): JSX.Element {
  const { texts, theme, highlight, setHighlight, go } = usePage();
  const rectangles = createMemo(() =>
    layOutSquares(
      props.block.transactions.map(({ vsize = 1 }) => vsize),
      SIDE,
      SIDE,
    ),
  );
  const rate = (index: number) => feeRate(props.block.transactions.at(index)!).toFixed(1);
  const at = ({ offsetX, offsetY }: MouseEvent) =>
    props.block.transactions[
      rectangles().findIndex(
        ({ x, y, width, height }) => offsetX >= x && offsetX < x + width && offsetY >= y && offsetY < y + height,
      )
    ]?.txid;
  const title = () => (props.index === 0 ? texts().mempools.next : fill(texts().mempools.later, props.index + 1));
  const content = () => fill(texts().mempools.content, props.block.transactions.length, props.block.vsize);
  return (
    <figure>
      <FixedCanvas
        label={`${title()}: ${content()}`}
        width={SIDE}
        height={SIDE}
        draw={(canvas) => drawFutureBlock(canvas, props.block, rectangles(), theme(), highlight())}
        onMove={(event) => setHighlight(at(event))}
        onLeave={() => setHighlight(undefined)}
        onClick={(event) => {
          const txid = at(event);
          if (txid !== undefined) go({ view: 'transaction', id: txid });
        }}
      />
      <figcaption>
        {title()}
        <span>{content()}</span>
        <span>{fill(texts().mempools.rates, rate(-1), rate(0))}</span>
      </figcaption>
    </figure>
  );
}

function Histogram(props: { readonly group: MempoolGroup }): JSX.Element {
  const { texts } = usePage();
  const buckets = () => feeHistogram(props.group.transactions);
  const most = () => Math.max(...buckets().map(({ vsize }) => vsize));
  return (
    <figure class="histogram">
      <ol>
        <For each={buckets()}>
          {({ from, vsize }) => (
            <li title={fill(texts().mempools.bucket, from, vsize)}>
              <span class="number">{from}</span>
              <i style={{ width: `${Math.round((vsize / most()) * 100)}px` }} aria-hidden="true" />
              <span class="number">{vsize}</span>
            </li>
          )}
        </For>
      </ol>
      <figcaption>{texts().mempools.histogram}</figcaption>
    </figure>
  );
}

function Matrix(props: { readonly look: number; readonly order: RowOrder }): JSX.Element {
  const { session, texts, theme, highlight, setHighlight, go } = usePage();
  const { timeline } = session;
  const confirmations = new Confirmations(session);
  const [heights, setHeights] = createSignal<ReadonlyMap<string, number>>(new Map());
  const nodes = createMemo(() => {
    session.version();
    return mempoolNodes(timeline);
  });
  const found = createMemo(() => {
    void props.look;
    return arrivalsAt(timeline, session.shown(), { order: props.order, count: MAX_ROWS });
  });
  const rows = () => found().rows;
  createEffect(() => {
    const gone = rows()
      .filter(({ present }) => present === 0)
      .map(({ transaction }) => transaction.txid);
    if (gone.length > 0) void confirmations.heightsOf(gone).then(setHeights, () => {});
  });
  const cell = () => Math.max(MIN_CELL, Math.min(MAX_CELL, Math.floor(380 / Math.max(1, nodes().length))));
  const light = (event: MouseEvent) => setHighlight(rows()[Math.floor(event.offsetY / ROW)]?.transaction.txid);
  return (
    <>
      <h3>{texts().mempools.matrix}</h3>
      <p class="hint">{texts().mempools.matrixHelp}</p>
      <label>
        {texts().mempools.order}{' '}
        <select
          value={props.order}
          onInput={({ currentTarget: { value } }) =>
            go({ view: 'mempools', ...(value === 'rate' ? { order: value } : {}) })
          }
        >
          <For each={['newest', 'rate'] as const}>
            {(each) => <option value={each}>{texts().mempools.orders[each]}</option>}
          </For>
        </select>
      </label>
      <div class="matrix">
        <ol>
          <For each={rows().map(({ transaction }) => transaction)}>
            {(transaction, i) => (
              <li>
                <button
                  type="button"
                  class="hash"
                  classList={{ lit: highlight() === transaction.txid }}
                  onClick={() => go({ view: 'transaction', id: transaction.txid })}
                  onPointerEnter={() => setHighlight(transaction.txid)}
                  onPointerLeave={() => setHighlight(undefined)}
                >
                  {transaction.txid.slice(0, 8)}…
                </button>
                <span class="number">{feeRate(transaction).toFixed(1)}</span>
                <Show
                  when={(rows()[i()]?.present ?? 0) === 0 && heights().get(transaction.txid)}
                  fallback={
                    <span class="number">
                      {fill(texts().mempools.holders, rows()[i()]?.present ?? 0, nodes().length)}
                    </span>
                  }
                >
                  {(height) => (
                    <a class="number" href={routeHash({ view: 'block', id: confirmations.hashAt(height()) })}>
                      {fill(texts().mempools.confirmed, height())}
                    </a>
                  )}
                </Show>
              </li>
            )}
          </For>
        </ol>
        <div>
          <FixedCanvas
            label={texts().mempools.matrixHelp}
            width={cell() * nodes().length}
            height={ROW * rows().length}
            draw={(canvas) => drawArrivalRows(canvas, rows(), { width: cell(), height: ROW }, theme(), highlight())}
            onMove={light}
            onLeave={() => setHighlight(undefined)}
            onClick={(event) => {
              const row = rows()[Math.floor(event.offsetY / ROW)];
              if (row) go({ view: 'transaction', id: row.transaction.txid });
            }}
          />
          <Show when={cell() >= 14}>
            <ol class="columns" aria-hidden="true">
              <For each={nodes()}>{(name) => <li style={{ width: `${cell()}px` }}>{name}</li>}</For>
            </ol>
          </Show>
        </div>
      </div>
      <Show when={found().total > rows().length}>
        <p class="undrawn">{fill(texts().mempools.left, rows().length, found().total)}</p>
      </Show>
    </>
  );
}

/** A canvas of a size, which is drawn when what it shows changes. */
function FixedCanvas(props: {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly draw: (canvas: CanvasRenderingContext2D) => void;
  readonly onMove: (event: MouseEvent) => void;
  readonly onLeave: () => void;
  readonly onClick: (event: MouseEvent) => void;
}): JSX.Element {
  let element!: HTMLCanvasElement;
  createEffect(() => {
    const { width, height } = props;
    const ratio = window.devicePixelRatio;
    element.width = width * ratio;
    element.height = height * ratio;
    const canvas = element.getContext('2d')!;
    canvas.scale(ratio, ratio);
    props.draw(canvas);
  });
  return (
    <canvas
      ref={element}
      role="img"
      aria-label={props.label}
      style={{ width: `${props.width}px`, height: `${props.height}px` }}
      onMouseMove={(event) => props.onMove(event)}
      onMouseLeave={() => props.onLeave()}
      onClick={(event) => props.onClick(event)}
    />
  );
}
