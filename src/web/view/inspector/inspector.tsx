import { createEffect, type JSX, lazy, Match, on, Show, Switch } from 'solid-js';
import { onDemand } from '../../model/on-demand.ts';
import type { Route } from '../../model/route.ts';
import { usePage } from '../context.ts';
import { useNarrow } from '../narrow.ts';
import { BlockView } from './block.tsx';
import { LinkView } from './link.tsx';
import { NodeView } from './node.tsx';
import { NotFound } from './parts.tsx';

/** With decoders and the interpreter, which the page does not load before. */
const ScriptView = lazy(onDemand(() => import('../script/script.tsx')));
const MessageView = lazy(onDemand(() => import('./message.tsx')));
const TransactionView = lazy(onDemand(() => import('../anatomy/transaction.tsx')));
const ProofView = lazy(onDemand(() => import('../anatomy/proof.tsx')));
const MempoolsView = lazy(onDemand(() => import('../network/mempools.tsx')));
const MiningView = lazy(onDemand(() => import('../network/mining.tsx')));
const WalletViews = lazy(onDemand(() => import('../wallet/index.tsx')));

const WALLET_VIEWS: readonly Route['view'][] = ['wallets', 'wallet', 'address'];

/** The panel beside the stage that shows what was clicked: never over it. */
export function Inspector(): JSX.Element {
  const { texts, route, go, player } = usePage();
  /** Where a closed inspector leads: to the lesson that is open. */
  const home = (): Route => {
    const open = player.open();
    return open ? { view: 'lesson', id: open.lesson.id, step: open.step + 1 } : { view: 'none' };
  };
  /** Returns the route if it asks for a view. */
  const routeTo = <V extends Route['view']>(view: V) =>
    route().view === view ? (route() as Extract<Route, { readonly view: V }>) : undefined;
  const isNarrow = useNarrow();
  let panel: HTMLElement | undefined;
  // On a narrow screen, the panel stands below the stage.
  createEffect(on(route, () => isNarrow() && panel?.scrollIntoView({ block: 'start' }), { defer: true }));
  return (
    <Show when={route().view !== 'none' && route().view !== 'lesson'}>
      <aside ref={panel} class="inspector" aria-live="polite">
        <button type="button" class="close" onClick={() => go(home())}>
          {texts().close}
        </button>
        <Switch>
          <Match when={routeTo('block')}>{(to) => <BlockView hash={to().id} />}</Match>
          <Match when={routeTo('transaction')}>{(to) => <TransactionView txid={to().id} />}</Match>
          <Match when={routeTo('proof')}>{(to) => <ProofView txid={to().id} />}</Match>
          <Match when={routeTo('node')}>{(to) => <NodeView name={to().id} />}</Match>
          <Match when={routeTo('link')}>{(to) => <LinkView from={to().id} to={to().to} />}</Match>
          <Match when={routeTo('message')}>{(to) => <MessageView node={to().node} id={to().id} />}</Match>
          <Match when={routeTo('script')}>{(to) => <ScriptView id={to().id} input={to().input} />}</Match>
          <Match when={routeTo('mempools')}>{(to) => <MempoolsView order={to().order ?? 'newest'} />}</Match>
          <Match when={routeTo('unknown')}>{(to) => <NotFound id={to().address} />}</Match>
          <Match when={routeTo('mining')}>
            <MiningView />
          </Match>
          <Match when={WALLET_VIEWS.includes(route().view)}>
            <WalletViews route={route()} />
          </Match>
        </Switch>
      </aside>
    </Show>
  );
}
