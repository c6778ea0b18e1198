import { fill, type Texts } from '../text/texts.ts';
import type { Route } from './route.ts';

/** What a title says that a route does not. */
export interface TitleFacts {
  /** Name of the network; undefined before the first connection. */
  readonly network: string | undefined;
  heightOf(hash: string): number | undefined;
  lessonTitle(id: string): string | undefined;
}

/** Returns the title of the page for a route: the network's name and what is shown. */
export function pageTitle(route: Route, texts: Texts, facts: TitleFacts): string {
  const view = viewTitle(route, texts, facts);
  return [facts.network ?? texts.title, ...(view === '' ? [] : [view])].join(' · ');
}

const short = (id: string) => (id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

function viewTitle(route: Route, texts: Texts, { heightOf, lessonTitle }: TitleFacts): string {
  switch (route.view) {
    case 'none':
      return '';
    case 'unknown':
      return texts.nowhere;
    case 'block':
      return fill(texts.block.title, heightOf(route.id) ?? short(route.id));
    case 'transaction':
      return `${texts.transaction.title} ${short(route.id)}`;
    case 'proof':
      return `${texts.anatomy.proof} ${short(route.id)}`;
    case 'address':
      return `${texts.wallet.address} ${short(route.id)}`;
    case 'node':
      return route.id;
    case 'link':
      return `${route.id} → ${route.to}`;
    case 'message':
      return `${texts.message.message} ${route.id} · ${route.node}`;
    case 'wallet':
      return `${fill(texts.wallet.wallet, route.name || texts.wallet.unnamed)} · ${texts.wallet[route.part ?? 'history']}`;
    case 'lesson':
      return (route.id === undefined ? undefined : lessonTitle(route.id)) ?? texts.places.lesson;
    case 'script':
      return route.id === undefined ? texts.script.title : `${texts.script.title} ${short(route.id)}`;
    default:
      return texts.places[route.view];
  }
}
