import { type JSX, Match, Switch } from 'solid-js';
import type { Route } from '../../model/route.ts';
import { AddressView } from './address.tsx';
import { WalletView } from './wallet.tsx';
import { WalletsView } from './wallets.tsx';
import '../wide.css';
import './wallet.css';

/** The view of wallets and addresses that a route asks for: one piece that the page loads when it is needed. */
export default function WalletViews(props: { readonly route: Route }): JSX.Element {
  const to = <V extends Route['view']>(view: V) =>
    props.route.view === view ? (props.route as Extract<Route, { readonly view: V }>) : undefined;
  return (
    <Switch>
      <Match when={to('wallets')}>
        <WalletsView />
      </Match>
      <Match when={to('wallet')}>
        {(route) => <WalletView node={route().id} name={route().name} part={route().part ?? 'history'} />}
      </Match>
      <Match when={to('address')}>{(route) => <AddressView address={route().id} />}</Match>
    </Switch>
  );
}
