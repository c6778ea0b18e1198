import { createResource, For, type JSX, lazy, Show } from 'solid-js';
import { colourOf } from '../../model/block-colour.ts';
import { onDemand } from '../../model/on-demand.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { WatchButton } from '../time/replay-buttons.tsx';
import { HashLink, Loaded, Row } from './parts.tsx';

const HeaderBytes = lazy(onDemand(() => import('../anatomy/header-bytes.tsx')));

/** What is read of the result of `getblock`, verbosity 1. */
interface BlockResult {
  readonly hash: string;
  readonly height: number;
  readonly previousblockhash?: string;
  readonly time: number;
  readonly size: number;
  readonly weight: number;
  readonly tx: readonly string[];
}

/** A block: its header's fields, its arrivals, and its transactions. */
export function BlockView(props: { readonly hash: string }): JSX.Element {
  const { session, texts, theme, go, setHighlight } = usePage();
  const [block] = createResource(
    () => [props.hash, session.connection() === 'connected'] as const,
    ([hash]) => session.callAny<BlockResult>('getblock', [hash, 1]),
  );
  const arrivals = () => {
    session.version();
    return [...(session.timeline.blocks.get(props.hash)?.arrivals ?? [])].sort((a, b) => a[1] - b[1]);
  };
  return (
    <Loaded value={block} id={props.hash}>
      {(found) => (
        <>
          <h2>
            <i style={{ color: colourOf(found.hash, theme().isDark) }} aria-hidden="true">
              ■
            </i>{' '}
            {fill(texts().block.title, found.height)}
          </h2>
          <dl>
            <Row name={texts().block.hash} value={found.hash} />
            <dt>{texts().block.previous}</dt>
            <dd>
              <Show when={found.previousblockhash} fallback="–">
                {(hash) => <HashLink view="block" hash={hash()} />}
              </Show>
            </dd>
            <Row name={texts().block.time} value={new Date(found.time * 1000).toISOString()} />
            <Row name={texts().block.size} value={fill(texts().block.bytes, found.size)} />
            <Row name={texts().block.weight} value={String(found.weight)} />
          </dl>
          <Show when={arrivals().length > 0}>
            <WatchButton id={found.hash} />
            <h3>{texts().block.arrivals}</h3>
            <ul>
              <For each={arrivals()}>
                {([node, time]) => (
                  <li>
                    {node} <span class="number">+{Math.round(time - arrivals()[0]![1])} ms</span>
                  </li>
                )}
              </For>
            </ul>
          </Show>
          <HeaderBytes hash={found.hash} />
          <h3>
            {texts().block.transactions} <span class="number">{found.tx.length}</span>
          </h3>
          <ol class="hashes">
            <For each={found.tx.slice(0, 200)}>
              {(txid) => (
                <li>
                  <button
                    type="button"
                    class="hash"
                    onClick={() => go({ view: 'transaction', id: txid })}
                    onPointerEnter={() => setHighlight(txid)}
                    onPointerLeave={() => setHighlight(undefined)}
                  >
                    {txid}
                  </button>
                </li>
              )}
            </For>
          </ol>
        </>
      )}
    </Loaded>
  );
}
