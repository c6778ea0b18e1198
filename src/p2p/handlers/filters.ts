import type { Handler } from '../context.ts';

export const onFilterRequest: Handler<'getcfilters' | 'getcfheaders' | 'getcfcheckpt'> = (_context, peer) =>
  peer.disconnect('a request for block filters, although we do not offer any');

/** We have not asked for any. */
export const onFilterAnswer: Handler<'cfilter' | 'cfheaders' | 'cfcheckpt'> = () => {};
