import type { Handler } from '../handler-context.ts';

export const onBlock: Handler<'block'> = ({ blocks }, peer, block) => blocks.received(peer, block);

export const onGetBlocks: Handler<'getblocks'> = ({ chainServer }, peer, message) =>
  chainServer.getBlocks(peer, message);
