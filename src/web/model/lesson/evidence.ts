import type { Route } from '../route.ts';

/** A text in both languages of the page, side by side. */
export interface Both {
  readonly en: string;
  readonly zh: string;
}

/** A value that shows that a step has happened. */
export interface Fact {
  /** Name of the node that it was read from. */
  readonly node?: string;
  readonly label: Both;
  readonly value: string | number;
  /** What the inspector shows at a click. */
  readonly opens?: Route;
}
