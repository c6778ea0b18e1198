import type { Handler } from '../handler-context.ts';

/** Answers a request for block filters (BIP157). */
export const onGetCFilters: Handler<'getcfilters'> = ({ filterServer }, peer, message) =>
  filterServer.getFilters(peer, message);

/** Answers a request for filter hashes. */
export const onGetCFHeaders: Handler<'getcfheaders'> = ({ filterServer }, peer, message) =>
  filterServer.getFilterHashes(peer, message);

/** Answers a request for filter header checkpoints. */
export const onGetCFCheckpt: Handler<'getcfcheckpt'> = ({ filterServer }, peer, message) =>
  filterServer.getCheckpoints(peer, message);

/** Ignores block filters, which a full node never requests. */
export const onUnrequestedFilters: Handler<'cfilter' | 'cfheaders' | 'cfcheckpt'> = () => {};
