/** Views that an identifier is enough for, by their names in a URL. */
const withId = ['block', 'transaction', 'node', 'address', 'proof'] as const;
type WithId = (typeof withId)[number];

/** What the inspector shows: each has a URL of its own. */
export type Route =
  | { readonly view: 'none' }
  | { [V in WithId]: { readonly view: V; readonly id: string } }[WithId]
  | { readonly view: 'wallets' }
  | { readonly view: 'mempools' }
  | { readonly view: 'mining' }
  /** A wallet by its node and its name. */
  | { readonly view: 'wallet'; readonly id: string; readonly name: string }
  | { readonly view: 'link'; readonly id: string; readonly to: string }
  /** A lesson, at a step from 1; without an id, the list of lessons. */
  | { readonly view: 'lesson'; readonly id?: string; readonly step?: number }
  /** A message, by the node that has reported it and its number there. */
  | { readonly view: 'message'; readonly node: string; readonly id: number }
  /** Scripts of an input; without a transaction id, a form for a transaction in hex. */
  | { readonly view: 'script'; readonly id?: string; readonly input: number };

/** Returns what the part of a URL after `#` asks for. */
export function parseRoute(hash: string): Route {
  const [view = '', id, to] = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  const known = withId.find((each) => each === view);
  if (id && known) return { view: known, id };
  if (view === 'wallets' || view === 'mempools' || view === 'mining') return { view };
  // The default wallet of bitcoind has no name.
  if (id && view === 'wallet') return { view, id, name: to ?? '' };
  if (id && to && view === 'link') return { view, id, to };
  if (id && view === 'message' && Number.isSafeInteger(Number(to))) return { view, node: id, id: Number(to) };
  if (view === 'script') return id ? { view, id, input: Number(to ?? 0) } : { view, input: 0 };
  if (view === 'lesson')
    return id ? { view, id, ...(Number(to) >= 1 ? { step: Math.floor(Number(to)) } : {}) } : { view };
  return { view: 'none' };
}

/** Returns the part of a URL after `#` that asks for a route. */
export function routeHash(route: Route): string {
  if (route.view === 'none') return '#/';
  const parts = partsOf(route);
  return `#/${[route.view, ...parts.map(encodeURIComponent)].join('/')}`;
}

function partsOf(route: Exclude<Route, { view: 'none' }>): string[] {
  if (route.view === 'wallets' || route.view === 'mempools' || route.view === 'mining') return [];
  if (route.view === 'wallet') return [route.id, route.name];
  if (route.view === 'link') return [route.id, route.to];
  if (route.view === 'lesson')
    return route.id === undefined ? [] : [route.id, ...(route.step ? [String(route.step)] : [])];
  if (route.view === 'message') return [route.node, String(route.id)];
  if (route.view !== 'script') return [route.id];
  return route.id === undefined ? [] : [route.id, String(route.input)];
}
