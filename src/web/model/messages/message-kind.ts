/** Kinds of messages, which have a colour and a shape each. */
export type MessageKind = 'transaction' | 'block' | 'headers' | 'inventory' | 'request' | 'other';

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
