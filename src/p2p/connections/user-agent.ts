/** The version of Bitcoin Core whose behaviour the node shows: clients choose by it what to call (Core: CLIENT_VERSION). */
const CORE_VERSION = '30.0.0';
const PIER_VERSION = '0.1.0';

/** Returns the name by which a node introduces itself to peers (BIP14; Core: FormatSubVersion). */
export function formatUserAgent(comments: readonly string[] = []): string {
  return `/Satoshi:${CORE_VERSION}(${[`Pier:${PIER_VERSION}`, ...comments].join('; ')})/`;
}
