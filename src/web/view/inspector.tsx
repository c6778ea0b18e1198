import { createResource, For, type JSX, lazy, Match, Show, Switch } from 'solid-js';
import { linkActions, nodeActions } from '../model/actions.ts';
import { colourOf, tagOf } from '../model/block-colour.ts';
import { feeRate } from '../model/timeline.ts';
import { fill } from '../text/texts.ts';
import { ActionForm } from './act.tsx';
import { usePage } from './context.ts';

/** What is read of the result of `getblock`, verbosity 1. */
interface BlockResult {
  readonly hash: string;
  readonly height: number;
  readonly version: number;
  readonly previousblockhash?: string;
  readonly merkleroot: string;
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly size: number;
  readonly weight: number;
  readonly tx: readonly string[];
}

interface ScriptResult {
  readonly asm: string;
  readonly address?: string;
  readonly type?: string;
}

/** What is read of the result of `getrawtransaction`. */
interface TransactionResult {
  readonly txid: string;
  readonly vsize: number;
  readonly confirmations?: number;
  readonly blockhash?: string;
  readonly vin: readonly {
    readonly txid?: string;
    readonly vout?: number;
    readonly coinbase?: string;
    readonly scriptSig?: ScriptResult;
    readonly txinwitness?: readonly string[];
  }[];
  readonly vout: readonly { readonly n: number; readonly value: number; readonly scriptPubKey: ScriptResult }[];
}

/** With the interpreter, which the page does not load before. */
const ScriptView = lazy(() => import('./script.tsx'));

/** The panel beside the stage that shows what was clicked: never over it. */
export function Inspector(): JSX.Element {
  const { texts, route, go } = usePage();
  return (
    <Show when={route().view !== 'none'}>
      <aside class="inspector" aria-live="polite">
        <button type="button" class="close" onClick={() => go({ view: 'none' })}>
          {texts().close}
        </button>
        <Switch>
          <Match when={route().view === 'block'}>
            <BlockView hash={(route() as { id: string }).id} />
          </Match>
          <Match when={route().view === 'transaction'}>
            <TransactionView txid={(route() as { id: string }).id} />
          </Match>
          <Match when={route().view === 'node'}>
            <NodeView name={(route() as { id: string }).id} />
          </Match>
          <Match when={route().view === 'script'}>
            <ScriptView id={(route() as { id?: string }).id} input={(route() as { input: number }).input} />
          </Match>
          <Match when={route().view === 'link'}>
            <LinkView from={(route() as { id: string }).id} to={(route() as { to: string }).to} />
          </Match>
        </Switch>
      </aside>
    </Show>
  );
}

function BlockView(props: { readonly hash: string }): JSX.Element {
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
            <Row name={texts().block.merkleRoot} value={found.merkleroot} />
            <Row name={texts().block.time} value={new Date(found.time * 1000).toISOString()} />
            <Row name={texts().block.bits} value={found.bits} />
            <Row name={texts().block.nonce} value={String(found.nonce)} />
            <Row name={texts().block.version} value={`0x${found.version.toString(16)}`} />
            <Row name={texts().block.size} value={fill(texts().block.bytes, found.size)} />
            <Row name={texts().block.weight} value={String(found.weight)} />
          </dl>
          <Show when={arrivals().length > 0}>
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

function TransactionView(props: { readonly txid: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const [transaction] = createResource(
    () => [props.txid, session.connection() === 'connected'] as const,
    ([txid]) => session.findTransaction<TransactionResult>(txid),
  );
  const known = () => {
    session.version();
    return session.timeline.transactions.get(props.txid);
  };
  const holders = () =>
    [...(known()?.stays ?? [])].filter(([, { removed }]) => removed === undefined).map(([name]) => name);
  return (
    <Loaded value={transaction} id={props.txid}>
      {(found) => (
        <>
          <h2>{texts().transaction.title}</h2>
          <dl>
            <Row name={texts().transaction.id} value={found.txid} />
            <dt>{texts().transaction.confirmations}</dt>
            <dd>
              <Show when={found.blockhash} fallback={texts().transaction.unconfirmed}>
                {(hash) => (
                  <>
                    {found.confirmations} · <HashLink view="block" hash={hash()} />
                  </>
                )}
              </Show>
            </dd>
            <Row name={texts().transaction.size} value={`${found.vsize} vB`} />
            <Show when={known()?.fee !== undefined}>
              <Row name={texts().transaction.fee} value={`${known()!.fee} sat`} />
              <Row name={texts().transaction.feeRate} value={`${feeRate(known()!).toFixed(2)} sat/vB`} />
            </Show>
            <Show when={holders().length > 0}>
              <Row name={texts().transaction.knows} value={holders().join(', ')} />
            </Show>
          </dl>
          <h3>{texts().transaction.inputs}</h3>
          <ol class="hashes" start={0}>
            <For each={found.vin}>
              {(input, index) => (
                <li>
                  <Show when={input.txid} fallback={texts().transaction.coinbase}>
                    {(txid) => (
                      <>
                        <HashLink view="transaction" hash={txid()} /> : {input.vout}{' '}
                        <button type="button" onClick={() => go({ view: 'script', id: found.txid, input: index() })}>
                          {texts().script.open}
                        </button>
                      </>
                    )}
                  </Show>
                  <Show when={input.scriptSig?.asm}>{(asm) => <p class="script">{asm()}</p>}</Show>
                  <Show when={input.txinwitness}>
                    {(items) => (
                      <p class="script">
                        {texts().transaction.witness}: {items().join(' ')}
                      </p>
                    )}
                  </Show>
                </li>
              )}
            </For>
          </ol>
          <h3>{texts().transaction.outputs}</h3>
          <ol class="hashes" start={0}>
            <For each={found.vout}>
              {({ value, scriptPubKey }) => (
                <li>
                  <span class="number">{value.toFixed(8)}</span> {scriptPubKey.address ?? scriptPubKey.type}
                  <p class="script">{scriptPubKey.asm}</p>
                </li>
              )}
            </For>
          </ol>
        </>
      )}
    </Loaded>
  );
}

function NodeView(props: { readonly name: string }): JSX.Element {
  const { session, texts, go } = usePage();
  const node = () => session.status()?.nodes.find(({ name }) => name === props.name);
  const links = () => {
    session.version();
    return [...session.timeline.links.values()].filter(({ from, to }) => from === props.name || to === props.name);
  };
  return (
    <Show when={node()} fallback={<p>{fill(texts().notFound, props.name)}</p>}>
      {(found) => (
        <>
          <h2>{found().name}</h2>
          <dl>
            <Row name={texts().role} value={texts().roles[found().role]!} />
            <Row name={texts().port} value={found().p2p ?? '–'} />
            <Row name="RPC" value={found().rpcUrl ?? '–'} />
            <Row
              name={texts().height}
              value={found().height === null ? texts().status[found().status] : String(found().height)}
            />
            <Show when={found().tip}>
              {(tip) => (
                <>
                  <dt>{texts().tip}</dt>
                  <dd>
                    <HashLink view="block" hash={tip()} />
                  </dd>
                </>
              )}
            </Show>
            <Row name={texts().peers} value={String(found().peers ?? '–')} />
            <Row name={texts().mempool} value={String(found().mempool ?? '–')} />
            <Row name={texts().balance} value={found().balance ?? '–'} />
          </dl>
          <For each={nodeActions(props.name)}>{(action) => <ActionForm action={action} />}</For>
          <h3>{texts().views.stage}</h3>
          <ul>
            <For each={links()}>
              {({ from, to, moments }) => (
                <li>
                  <button type="button" class="hash" onClick={() => go({ view: 'link', id: from, to })}>
                    {from} → {to}
                  </button>
                  {moments.at(-1)!.isCut ? ' ✕' : ''}
                </li>
              )}
            </For>
          </ul>
        </>
      )}
    </Show>
  );
}

function LinkView(props: { readonly from: string; readonly to: string }): JSX.Element {
  const { session } = usePage();
  const link = () => {
    session.version();
    return session.timeline.links.get(`${props.from} ${props.to}`)?.moments.at(-1);
  };
  return (
    <Show when={link()}>
      {(found) => (
        <>
          <h2>
            {props.from} {found().isCut ? '✕' : '→'} {props.to}
          </h2>
          <dl>
            <Row name="latency" value={`${found().latency} ms`} />
            <Row name="jitter" value={`${found().jitter} ms`} />
            <Row name="loss" value={String(found().loss)} />
            <Row name="bandwidth" value={found().bandwidth === 0 ? '∞' : `${found().bandwidth} B/s`} />
          </dl>
          <For each={linkActions(props.from, props.to)}>{(action) => <ActionForm action={action} />}</For>
        </>
      )}
    </Show>
  );
}

function Row(props: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <>
      <dt>{props.name}</dt>
      <dd class="value">{props.value}</dd>
    </>
  );
}

function HashLink(props: { readonly view: 'block' | 'transaction'; readonly hash: string }): JSX.Element {
  const { go, setHighlight, theme } = usePage();
  return (
    <button
      type="button"
      class="hash"
      onClick={() => go({ view: props.view, id: props.hash })}
      onPointerEnter={() => setHighlight(props.hash)}
      onPointerLeave={() => setHighlight(undefined)}
    >
      <Show when={props.view === 'block'}>
        <i style={{ color: colourOf(props.hash, theme().isDark) }} aria-hidden="true">
          ■
        </i>{' '}
      </Show>
      {props.hash.slice(0, 8)}…{tagOf(props.hash)}
    </button>
  );
}

/** What a resource gives, once it is there. */
function Loaded<T>(props: {
  readonly value: { (): T | undefined; readonly loading: boolean; readonly error: unknown };
  readonly id: string;
  readonly children: (value: T) => JSX.Element;
}): JSX.Element {
  const { texts } = usePage();
  return (
    <Switch fallback={<p>{texts().loading}</p>}>
      <Match when={props.value.error !== undefined}>
        <p>{fill(texts().notFound, props.id)}</p>
      </Match>
      <Match when={props.value()} keyed>
        {(value) => props.children(value)}
      </Match>
    </Switch>
  );
}
