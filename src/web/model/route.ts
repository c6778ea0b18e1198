/** What the inspector shows: each has a URL of its own. */
export type Route =
  | { readonly view: 'none' }
  | { readonly view: 'block' | 'transaction' | 'node'; readonly id: string }
  | { readonly view: 'link'; readonly id: string; readonly to: string }
  /** Scripts of an input; without a transaction id, a form for a transaction in hex. */
  | { readonly view: 'script'; readonly id?: string; readonly input: number };

/** Returns what the part of a URL after `#` asks for. */
export function parseRoute(hash: string): Route {
  const [view, id, to] = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  if (id !== undefined && (view === 'block' || view === 'transaction' || view === 'node')) return { view, id };
  if (id !== undefined && to !== undefined && view === 'link') return { view, id, to };
  if (view === 'script') return id ? { view, id, input: Number(to ?? 0) } : { view, input: 0 };
  return { view: 'none' };
}

/** Returns the part of a URL after `#` that asks for a route. */
export function routeHash(route: Route): string {
  if (route.view === 'none') return '#/';
  const parts = partsOf(route);
  return `#/${[route.view, ...parts.map(encodeURIComponent)].join('/')}`;
}

function partsOf(route: Exclude<Route, { view: 'none' }>): string[] {
  if (route.view === 'link') return [route.id, route.to];
  if (route.view !== 'script') return [route.id];
  return route.id === undefined ? [] : [route.id, String(route.input)];
}
