/** Views that an identifier is enough for, by their names in a URL. */
const withId = ['block', 'transaction', 'node', 'address', 'proof'] as const;
type WithId = (typeof withId)[number];

/** What the inspector shows: each has a URL of its own. */
export type Route =
  | { readonly view: 'none' }
  /** An address that no view has. */
  | { readonly view: 'unknown'; readonly address: string }
  | { [V in WithId]: { readonly view: V; readonly id: string } }[WithId]
  | { readonly view: 'wallets' }
  | { readonly view: 'mempools'; readonly order?: 'rate' }
  | { readonly view: 'mining' }
  /** A wallet by its node and its name; without a part, its payments. */
  | { readonly view: 'wallet'; readonly id: string; readonly name: string; readonly part?: 'receive' | 'send' }
  | { readonly view: 'link'; readonly id: string; readonly to: string }
  /** A lesson, at a step from 1; without an id, the list of lessons. */
  | { readonly view: 'lesson'; readonly id?: string; readonly step?: number }
  /** A message, by the node that has reported it and its number there. */
  | { readonly view: 'message'; readonly node: string; readonly id: number }
  /** Scripts of an input; without a transaction id, a form for a transaction in hex. */
  | { readonly view: 'script'; readonly id?: string; readonly input: number };

/** Returns what the part of a URL after `#` asks for. */
export function parseRoute(hash: string): Route {
  const address = hash.replace(/^#\/?/, '');
  if (address === '' || address.startsWith('token=')) return { view: 'none' };
  try {
    return routeOf(address.split('/').map(decodeURIComponent)) ?? { view: 'unknown', address };
  } catch {
    // A percent sign that encodes nothing.
    return { view: 'unknown', address };
  }
}

function routeOf([view, id, to, part]: readonly string[]): Route | undefined {
  const known = withId.find((each) => each === view);
  if (id && known) return { view: known, id };
  if (view === 'wallets' || view === 'mining') return { view };
  if (view === 'mempools') return id === 'rate' ? { view, order: id } : { view };
  // The default wallet of bitcoind has no name.
  if (id && view === 'wallet') {
    return { view, id, name: to ?? '', ...(part === 'receive' || part === 'send' ? { part } : {}) };
  }
  if (id && to && view === 'link') return { view, id, to };
  if (id && to && view === 'message' && isNumber(to)) return { view, node: id, id: Number(to) };
  if (view === 'script' && isNumber(to ?? '0')) return id ? { view, id, input: Number(to ?? 0) } : { view, input: 0 };
  if (view === 'lesson')
    return id ? { view, id, ...(Number(to) >= 1 ? { step: Math.floor(Number(to)) } : {}) } : { view };
  return undefined;
}

const isNumber = (text: string) => /^\d+$/.test(text) && Number.isSafeInteger(Number(text));

/** Returns the part of a URL after `#` that asks for a route. */
export function routeHash(route: Route): string {
  if (route.view === 'none') return '#/';
  if (route.view === 'unknown') return `#/${route.address}`;
  const parts = partsOf(route);
  return `#/${[route.view, ...parts.map(encodeURIComponent)].join('/')}`;
}

function partsOf(route: Exclude<Route, { view: 'none' | 'unknown' }>): string[] {
  if (route.view === 'wallets' || route.view === 'mining') return [];
  if (route.view === 'mempools') return route.order ? [route.order] : [];
  if (route.view === 'wallet') return [route.id, route.name, ...(route.part ? [route.part] : [])];
  if (route.view === 'link') return [route.id, route.to];
  if (route.view === 'lesson')
    return route.id === undefined ? [] : [route.id, ...(route.step ? [String(route.step)] : [])];
  if (route.view === 'message') return [route.node, String(route.id)];
  if (route.view !== 'script') return [route.id];
  return route.id === undefined ? [] : [route.id, String(route.input)];
}
