import type { Handler } from '../handler-context.ts';

export const onGetCFilters: Handler<'getcfilters'> = ({ filterServer }, peer, message) =>
  filterServer.getFilters(peer, message);

export const onGetCFHeaders: Handler<'getcfheaders'> = ({ filterServer }, peer, message) =>
  filterServer.getFilterHashes(peer, message);

export const onGetCFCheckpt: Handler<'getcfcheckpt'> = ({ filterServer }, peer, message) =>
  filterServer.getCheckpoints(peer, message);

/** A full node asks for none. */
export const onUnaskedFilters: Handler<'cfilter' | 'cfheaders' | 'cfcheckpt'> = () => {};
