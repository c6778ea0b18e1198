/** Name of the WebSocket subprotocol of the control server. */
export const SUBPROTOCOL = 'pier-control';

/** What a token follows among the subprotocols that a page offers, which cannot set headers. */
export const TOKEN_PREFIX = 'token.';
