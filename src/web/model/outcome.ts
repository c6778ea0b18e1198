import type { Texts } from '../text/texts.ts';
import type { Route } from './route.ts';

/** What stands in a text and leads to a view. */
export interface TextLink {
  readonly route: Route;
  readonly label: string;
}

/** A value that stands in a text. */
export type TextPart = string | number | readonly TextLink[];

/** What came of an action: the name of a text and its values, so that it can be said in any language. */
export interface Outcome {
  readonly text: keyof Texts['act']['outcomes'];
  readonly parts: readonly TextPart[];
}

/** Returns an outcome. */
export const outcome = (text: Outcome['text'], ...parts: readonly TextPart[]): Outcome => ({ text, parts });

/** Returns the link to a block. */
export const blockLink = (id: string): TextLink[] => [{ route: { view: 'block', id }, label: id }];
/** Returns the link to a transaction. */
export const transactionLink = (id: string): TextLink[] => [{ route: { view: 'transaction', id }, label: id }];
/** Returns the link to a node. */
export const nodeLink = (id: string): TextLink[] => [{ route: { view: 'node', id }, label: id }];
/** Returns the link to a link of the network. */
export const linkLink = (id: string, to: string, sign = '→'): TextLink => ({
  ...{ route: { view: 'link', id, to }, label: `${id} ${sign} ${to}` },
});

/** Divides a text at its gaps: what is said, and the value of each gap. */
export function fillParts(text: string, parts: readonly TextPart[]): TextPart[] {
  return text
    .split(/(\{\d\})/)
    .filter((piece) => piece !== '')
    .map((piece) => (/^\{\d\}$/.test(piece) ? (parts[Number(piece[1])] ?? '') : piece));
}
