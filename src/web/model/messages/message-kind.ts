/** Kinds of messages, which have a colour and a shape each. */
export type MessageKind = 'transaction' | 'block' | 'headers' | 'inventory' | 'request' | 'other';

/** Commands that keep connections alive: they say nothing about the chain. */
export const KEEP_ALIVE: ReadonlySet<string> = new Set(['ping', 'pong']);

const KINDS: Readonly<Record<string, MessageKind>> = {
  tx: 'transaction',
  block: 'block',
  cmpctblock: 'block',
  blocktxn: 'block',
  merkleblock: 'block',
  headers: 'headers',
  cfilter: 'headers',
  cfheaders: 'headers',
  inv: 'inventory',
  getdata: 'request',
  getheaders: 'request',
  getblocks: 'request',
  getblocktxn: 'request',
  getcfilters: 'request',
  getcfheaders: 'request',
};

/** Returns the kind of a message by its command. */
export function kindOf(command: string): MessageKind {
  return KINDS[command] ?? 'other';
}
