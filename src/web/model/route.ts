/** What the inspector shows: each has a URL of its own. */
export type Route =
  | { readonly view: 'none' }
  | { readonly view: 'block' | 'transaction' | 'node'; readonly id: string }
  | { readonly view: 'link'; readonly id: string; readonly to: string };

/** Returns what the part of a URL after `#` asks for. */
export function parseRoute(hash: string): Route {
  const [view, id, to] = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  if (id !== undefined && (view === 'block' || view === 'transaction' || view === 'node')) return { view, id };
  if (id !== undefined && to !== undefined && view === 'link') return { view, id, to };
  return { view: 'none' };
}

/** Returns the part of a URL after `#` that asks for a route. */
export function routeHash(route: Route): string {
  if (route.view === 'none') return '#/';
  const parts = route.view === 'link' ? [route.id, route.to] : [route.id];
  return `#/${[route.view, ...parts.map(encodeURIComponent)].join('/')}`;
}
