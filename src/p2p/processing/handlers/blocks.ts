import type { Handler } from '../handler-context.ts';

/** Processes a received block. */
export const onBlock: Handler<'block'> = ({ blocks }, peer, block) => blocks.received(peer, block);

/** Answers a request for block hashes. */
export const onGetBlocks: Handler<'getblocks'> = ({ chainServer }, peer, message) =>
  chainServer.getBlocks(peer, message);
