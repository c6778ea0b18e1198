import type { MessageKind } from '../model/messages/message-kind.ts';

/** Colours of what canvases draw, as the style sheet has them. */
export interface Theme {
  readonly isDark: boolean;
  readonly ink: string;
  readonly faint: string;
  /** Small text. */
  readonly quiet: string;
  readonly paper: string;
  /** What ends or fails. */
  readonly bad: string;
  readonly kinds: Readonly<Record<MessageKind, string>>;
}

/** Reads the theme from the style sheet's custom properties. */
export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    isDark: colour('--dark') === '1',
    ...{ ink: colour('--ink'), faint: colour('--faint'), quiet: colour('--quiet') },
    ...{ paper: colour('--paper'), bad: colour('--bad') },
    kinds: {
      transaction: colour('--kind-transaction'),
      block: colour('--kind-block'),
      headers: colour('--kind-headers'),
      inventory: colour('--kind-inventory'),
      request: colour('--kind-request'),
      other: colour('--kind-other'),
    },
  };
}
