import type { MessageOf } from '../wire/messages/index.ts';
import type { ProcessedCommand } from './message-processor.ts';

/**
 * Returns a peer's message without the blocks that `isRefused` names and those after them; undefined if nothing is left.
 * Of headers an empty message is left: the peer has answered.
 */
export function withoutRefusedBlocks<C extends ProcessedCommand>(
  command: C,
  message: MessageOf<C>,
  isRefused: (hash: Uint8Array) => boolean,
): MessageOf<C> | undefined {
  const isLeftOut = (header: { readonly hash: Uint8Array; readonly prevHash: Uint8Array }) =>
    isRefused(header.hash) || isRefused(header.prevHash);
  switch (command) {
    case 'headers': {
      const { headers } = message as MessageOf<'headers'>;
      const end = headers.findIndex(isLeftOut);
      return end < 0 ? message : ({ ...message, headers: headers.slice(0, end) } as MessageOf<C>);
    }
    case 'block':
    case 'cmpctblock': {
      const { header } = message as MessageOf<'block' | 'cmpctblock'>;
      return isLeftOut(header) ? undefined : message;
    }
    default:
      return message;
  }
}
