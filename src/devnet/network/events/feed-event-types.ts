/** Names of the events of a network that can be followed. */
export const feedEventTypes = [
  'node',
  'link',
  'message',
  'arrival',
  'header',
  'block',
  'transaction',
  'mempool',
  'reorg',
  'mining',
  'mode',
  'wallet',
  'log',
] as const;
